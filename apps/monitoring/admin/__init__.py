"""The pages of oversight, one file each; importing a file registers its pages."""

from . import deliveries, queues, trace

__all__ = ["deliveries", "queues", "trace"]
