"""Requests and responses: exchanges, event streams, encodings, parameters and routes."""
