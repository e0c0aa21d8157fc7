"""Programs of nodes as other programs with the same numbers: safe where they end, and cheaper."""
