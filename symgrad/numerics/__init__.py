"""How a derivation is computed, and checked with numbers."""
