"""Commands that are stored now and executed at a local time."""
