"""JSON text, values and pointers."""
