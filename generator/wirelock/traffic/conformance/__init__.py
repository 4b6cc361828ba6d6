"""The check of exchanges against everything generated."""
