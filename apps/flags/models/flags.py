"""The register of flags. What a flag serves is in its revisions."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.audit.history import field_history
from apps.kernel.models import Tracked

KEY = r"\A[A-Za-z0-9][A-Za-z0-9._-]*\Z"
"""The characters that fit into an address unescaped (OFREP). At most 100 of them."""


class Flag(Tracked):
    """A flag of the platform. Tenants have no flags of their own: their overrides narrow those of the platform.

    owner       e-mail address of the person or team that answers for the flag and receives its alerts
    expires_on  the day after which it is overdue: to be retired, or extended with a reason
    extensions  how often it was extended
    posting     whether it guards postings: it applies to whole companies, and does not change in an open period
    """

    class Category(models.TextChoices):
        RELEASE = "release", _("Release")
        OPS = "ops", _("Operations")
        EXPERIMENT = "experiment", _("Experiment")
        PERMISSION = "permission", _("Permission")

    class ValueType(models.TextChoices):
        BOOLEAN = "boolean", _("Yes or no")
        STRING = "string", _("Text")
        INTEGER = "integer", _("Whole number")
        FLOAT = "float", _("Number")
        OBJECT = "object", _("Object")

    key = models.CharField(max_length=100, unique=True)
    category = models.CharField(max_length=10, choices=Category.choices)
    value_type = models.CharField(max_length=7, choices=ValueType.choices)
    description = models.TextField(blank=True)
    owner = models.CharField(max_length=254)
    expires_on = models.DateField()
    extensions = models.PositiveSmallIntegerField(default=0)
    posting = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    history = field_history()

    class Meta:
        default_permissions = ("view",)
        permissions = [
            ("manage_flags", "Can change feature flags"),
            ("kill_flag", "Can turn off feature flags at once"),
            ("evaluate_flags", "Can evaluate feature flags by OFREP and Unleash"),
        ]
        constraints = [
            models.CheckConstraint(name="flags_key_fits_addresses", condition=models.Q(key__regex=KEY)),
            models.CheckConstraint(
                name="flags_category_is_known",
                condition=models.Q(category__regex=r"\A(release|ops|experiment|permission)\Z"),
            ),
            models.CheckConstraint(
                name="flags_value_type_is_known",
                condition=models.Q(value_type__regex=r"\A(boolean|string|integer|float|object)\Z"),
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def is_retired(self) -> bool:
        return self.retired_at is not None
