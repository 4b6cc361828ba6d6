"""Recorded traffic: formats to exchanges, exchanges to methods, bodies held against what was generated."""
