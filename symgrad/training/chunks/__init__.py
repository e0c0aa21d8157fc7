"""Data that outgrow one machine, in chunks."""
