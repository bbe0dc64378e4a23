"""Refusals of the settings app."""

from apps.kernel.errors import Forbidden, Invalid, NotFound, Refusal


class SettingsRefusal(Refusal):
    """Refusals of the settings app."""


class SettingNotFound(SettingsRefusal, NotFound):
    message = "No app declares a setting {key!r}."


class SettingInvalid(SettingsRefusal, Invalid):
    message = "The value does not fit {key}: {why}."


class SupportAccessDisabled(SettingsRefusal, Forbidden):
    message = "{tenant} lets no support in: {setting} is off."


class SettingNotForSupport(SettingsRefusal, Forbidden):
    message = "The setting {setting} is not for {support}."
