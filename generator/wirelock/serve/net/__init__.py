"""Connections, listeners and credentials that the bridge, the proxy and the live check share."""
