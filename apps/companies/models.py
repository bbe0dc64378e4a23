"""The companies of a tenant."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.audit.history import field_history
from apps.kernel.models import Tracked


class Company(Tracked):
    """A legal entity with its own accounts. `currency` is an ISO 4217 code, `country` an ISO 3166-1 alpha-2 one."""

    code = models.CharField(max_length=16, unique=True)
    name = models.CharField(max_length=120)
    parent = models.ForeignKey(
        "companies.Company", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    currency = models.CharField(max_length=3)
    country = models.CharField(max_length=2, blank=True)

    history = field_history()

    class Meta:
        verbose_name_plural = _("companies")
        default_permissions = ("view",)
        permissions = [("manage_companies", "Can found and change companies")]
        constraints = [
            models.CheckConstraint(
                name="company_is_not_its_own_parent",
                condition=Q(parent=None) | ~Q(parent=models.F("id")),
            ),
        ]

    def __str__(self) -> str:
        return self.name
