"""Programs that write their results into buffers made once: which, where, in which order."""
