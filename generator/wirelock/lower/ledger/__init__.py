"""The number ledger: field numbers and names that stay."""
