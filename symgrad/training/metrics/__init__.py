"""How good predictions are, and what is predicted."""
