"""Removal of secrets from exchanges, recordings and reports."""
