"""The version of wirelock, as written into generated files."""

VERSION = "0.1.0"
