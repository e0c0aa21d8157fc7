"""One module for each piece of work, or for a few of one kind; each has a tuple WORKS."""
