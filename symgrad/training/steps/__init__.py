"""The steps of an epoch: gradients of minibatches, of all data or of rows, and their updates."""
