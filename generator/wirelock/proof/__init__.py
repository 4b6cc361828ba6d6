"""Random documents of a project's types, and the search for one on which generated code and reference disagree."""
