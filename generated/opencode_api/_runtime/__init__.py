"""Runtime of the generated code; copied byte for byte into every generated package as `_runtime`."""
