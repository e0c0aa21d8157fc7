"""Whether it is true: derivations at random numbers, gradients by finite differences."""
