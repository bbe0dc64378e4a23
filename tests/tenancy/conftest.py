"""What the tests of tenancy have in common."""

from tests.tenancy.made_up import made_up

__all__ = ["made_up"]
