"""Pages of jobs; importing a file registers its pages."""

from . import commands, runs

__all__ = ["commands", "runs"]
