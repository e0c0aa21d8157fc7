"""Programs with time steps or layers, as numbers: what is printed, unrolled, and as code."""
