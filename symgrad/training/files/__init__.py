"""What is kept in files: parameters, checkpoints, a training as a script."""
