"""One module per command: puts the parts together; prints nothing."""
