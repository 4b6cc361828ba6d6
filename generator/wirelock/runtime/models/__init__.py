"""Base classes, validation and error mapping of generated Pydantic models."""
