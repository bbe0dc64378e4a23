"""The pages of webhooks in a tenant's console, one file each; importing a file registers its pages."""

from . import endpoints, messages, received, sources

__all__ = ["endpoints", "messages", "received", "sources"]
