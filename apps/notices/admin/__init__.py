"""Pages of notices and notification channels; importing a file registers its pages."""

from . import channels, notices

__all__ = ["channels", "notices"]
