"""The states and modes of a tenant. The transitions between states are data of the model."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    PENDING = "pending", _("Being set up")
    TRIAL = "trial", _("On trial")
    ACTIVE = "active", _("Active")
    SUSPENDED = "suspended", _("Suspended")
    ARCHIVED = "archived", _("Archived")
    DELETING = "deleting", _("Queued for deletion")


class Mode(models.TextChoices):
    """Restricts the state for a while."""

    NORMAL = "normal", _("Normal")
    READ_ONLY = "read_only", _("Read only")
    MAINTENANCE = "maintenance", _("Maintenance")
