"""How it learns: optimizers, learning-rate schedules, initial values, the training loop and fit."""
