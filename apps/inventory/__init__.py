"""Items, stock and reservations."""
