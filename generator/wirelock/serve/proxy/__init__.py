"""A reverse proxy that passes bytes through untouched, and holds what passes against the services."""
