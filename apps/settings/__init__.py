"""What the business sets: typed, declared in code, read through one function.

`settings` always means Django's; what the business sets is a Setting.
"""

from .definitions import SettingDefinition, declare

__all__ = ["SettingDefinition", "declare"]
