"""Webhooks: events sent to other systems, and messages received from them."""
