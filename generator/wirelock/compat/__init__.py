"""Breaking changes: what differs between two states of a project, and whom it breaks."""
