"""Oversight: queues, deliveries and request traces."""
