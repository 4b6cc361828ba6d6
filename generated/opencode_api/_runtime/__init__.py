"""What generated code needs at run time; copied byte for byte into every generated package as `_runtime`."""
