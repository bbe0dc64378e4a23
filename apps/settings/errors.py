"""Refusals of the settings app."""

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Forbidden, Invalid, NotFound


class SettingNotFound(NotFound):
    message = _("No app declares a setting {key!r}.")


class SettingInvalid(Invalid):
    message = _("The value of {key} is invalid: {why}.")


class SettingOutOfRange(Invalid):
    message = _("{key} must be {minimum} to {maximum}.")
    enforced_by = ("BG001",)


class SupportAccessDisabled(Forbidden):
    message = _("{tenant} does not allow support access: {setting} is off.")


class SettingNotForSupport(Forbidden):
    message = _("{support} may not change the setting {setting}.")
