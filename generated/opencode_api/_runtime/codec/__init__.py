"""The codec between JSON and protobuf."""
