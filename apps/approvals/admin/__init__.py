"""The pages of approvals in both consoles; importing a file registers its pages."""

from . import deciding, inbox

__all__ = ["deciding", "inbox"]
