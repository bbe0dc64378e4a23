"""Refusals of the settings app."""

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Forbidden, Invalid, NotFound, Refusal


class SettingsRefusal(Refusal):
    """Refusals of the settings app."""


class SettingNotFound(SettingsRefusal, NotFound):
    message = _("No app declares a setting {key!r}.")


class SettingInvalid(SettingsRefusal, Invalid):
    message = _("The value of {key} is invalid: {why}.")


class SupportAccessDisabled(SettingsRefusal, Forbidden):
    message = _("{tenant} does not allow support access: {setting} is off.")


class SettingNotForSupport(SettingsRefusal, Forbidden):
    message = _("{support} may not change the setting {setting}.")
