"""The gRPC service in front of a JSON API: each RPC as the request that its HTTP rule says, the answer as a message."""
