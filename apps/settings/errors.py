"""Refusals of the settings app."""

from apps.kernel.errors import Forbidden, Invalid, NotFound, Refusal


class SettingsRefusal(Refusal):
    """Refusals of the settings app."""


class SettingNotFound(SettingsRefusal, NotFound):
    message = "No app declares a setting {key!r}."


class SettingInvalid(SettingsRefusal, Invalid):
    message = "The value of {key} is invalid: {why}."


class SupportAccessDisabled(SettingsRefusal, Forbidden):
    message = "{tenant} does not allow support access: {setting} is off."


class SettingNotForSupport(SettingsRefusal, Forbidden):
    message = "{support} may not change the setting {setting}."
