"""Recording formats, read and written."""
