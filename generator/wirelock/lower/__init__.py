"""Lowering: from the TypeGraph to the plan of each target."""
