"""Destinations of webhooks and chat messages."""

OUTBOUND_TO_LOOPBACK = False
"""Permits loopback addresses, over plain HTTP on any port: for development and tests only."""
