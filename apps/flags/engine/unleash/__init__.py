"""The dialect of flags that come from Unleash."""

from .dialect import BUCKETER, DIALECT

__all__ = ["BUCKETER", "DIALECT"]
