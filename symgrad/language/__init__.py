"""What is written: symbols, operations, programs."""
