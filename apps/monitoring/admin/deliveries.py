"""Replaying and dropping deliveries, in the operator's console."""
