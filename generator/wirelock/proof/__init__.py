"""Documents drawn from the user's own schemas, and everything generated held against an independent reference."""
