"""Handlers of webhooks."""

from . import endpoints, incoming, outgoing, secrets, sources

__all__ = ["endpoints", "incoming", "outgoing", "secrets", "sources"]
