"""Recordings of what passes, written while it passes, without its secrets."""
