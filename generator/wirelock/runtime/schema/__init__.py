"""JSON Schema: documents, evaluation and validators."""
