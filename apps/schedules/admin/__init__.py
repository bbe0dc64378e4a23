"""Pages of scheduled commands; importing a file registers its pages."""

from . import scheduled_commands, scheduling

__all__ = ["scheduled_commands", "scheduling"]
