"""A reverse proxy that forwards traffic unchanged and checks a copy of it against the services."""
