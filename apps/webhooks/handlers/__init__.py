"""How webhooks do what they are asked."""

from . import endpoints, incoming, outgoing, secrets, sources

__all__ = ["endpoints", "incoming", "outgoing", "secrets", "sources"]
