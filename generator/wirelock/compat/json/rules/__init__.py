"""The rules of the JSON verdict, one decorated function each."""
