"""The pages of oversight, one file each; importing a file plugs its pages in."""

from . import deliveries

__all__ = ["deliveries"]
