"""The bridge: a gRPC service in front of a JSON API. Each RPC becomes the HTTP request of its HTTP rule."""
