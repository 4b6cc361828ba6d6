"""What generated Pydantic models are made of."""
