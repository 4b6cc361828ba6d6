"""Breaking changes between two states of a project."""
