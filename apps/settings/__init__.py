"""Business settings: typed, declared in code, read through one function.

`settings` always means Django's; a business setting is a Setting.
"""

from .definitions import SettingDefinition, declare

__all__ = ["SettingDefinition", "declare"]
