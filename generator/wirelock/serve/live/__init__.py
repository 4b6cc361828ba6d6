"""Check of a running server against the services: reads, event streams and resource lifecycles (decision 0019)."""
