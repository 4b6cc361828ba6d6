"""Plans: what each target will say, worked out from the TypeGraph."""
