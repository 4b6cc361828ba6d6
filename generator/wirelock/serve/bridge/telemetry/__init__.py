"""What a running service tells of its calls: log lines, metrics and traces."""
