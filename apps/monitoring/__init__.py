"""Oversight: queues, deliveries and the life story of a request."""
