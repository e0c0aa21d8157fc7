"""What is printed, all of it: read back, compiled, and parsed by KaTeX."""
