"""The network: a gRPC service in front of a JSON API, a proxy that checks what passes, a recorder, a live check."""
