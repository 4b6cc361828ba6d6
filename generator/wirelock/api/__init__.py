"""One module per command, named like it; each combines the stages below."""
