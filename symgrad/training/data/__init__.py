"""The data of a training: read, checked against the problem, and the sizes that they show."""
