"""Time steps and layers: one step is a problem like any other, and what joins them is little."""
