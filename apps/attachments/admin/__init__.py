"""Attachments in a tenant's console."""

from . import attachments, commands, sections

__all__ = ["attachments", "commands", "sections"]
