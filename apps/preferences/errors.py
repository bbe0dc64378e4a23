"""What preferences refuse."""

from apps.kernel.errors import Invalid, NotFound, Refusal


class PreferencesRefusal(Refusal):
    """The family of preferences."""


class SettingNotFound(PreferencesRefusal, NotFound):
    message = "No app declares a setting {key!r}."


class SettingInvalid(PreferencesRefusal, Invalid):
    message = "The value does not fit {key}: {why}."
