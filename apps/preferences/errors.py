"""What preferences refuse."""

from apps.kernel.errors import Forbidden, Invalid, NotFound, Refusal


class PreferencesRefusal(Refusal):
    """The family of preferences."""


class SettingNotFound(PreferencesRefusal, NotFound):
    message = "No app declares a setting {key!r}."


class SettingInvalid(PreferencesRefusal, Invalid):
    message = "The value does not fit {key}: {why}."


class SupportNotWanted(PreferencesRefusal, Forbidden):
    message = "{tenant} lets no support in: {setting} is off."


class NotSetBySupport(PreferencesRefusal, Forbidden):
    message = "The setting {setting} is not for {support}."
