"""The pages of oversight, one file each; importing a file plugs its pages in."""

from . import deliveries, queues, trace

__all__ = ["deliveries", "queues", "trace"]
