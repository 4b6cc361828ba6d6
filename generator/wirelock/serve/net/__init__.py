"""Connections, listeners and credentials that bridge, proxy and live check share."""
