"""Values of settings. An unset setting has its default, and no row."""

from __future__ import annotations

from django.db import models

from apps.audit.history import field_history
from apps.kernel.models import Tracked


class Setting(Tracked):
    """A setting's value in this tenant, or on the platform."""

    key = models.CharField(max_length=120, unique=True)
    value = models.JSONField()

    history = field_history()

    class Meta:
        default_permissions = ("view",)
        permissions = [("manage_settings", "Can change settings")]

    def __str__(self) -> str:
        return f"{self.key} = {self.value}"
