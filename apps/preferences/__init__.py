"""What the business sets: typed, declared in code, read through one function.

`settings` always means Django's; what the business sets is a Setting.
"""

from .declarations import Declared, declare

__all__ = ["Declared", "declare"]
