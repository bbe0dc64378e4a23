"""The feature configuration of a tenant: whether its features are on at all."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext

from apps.kernel.models import Tracked


class FeatureConfigurationQuerySet(models.QuerySet["FeatureConfiguration"]):
    def disabled(self) -> FeatureConfigurationQuerySet:
        return self.filter(disabled_at__isnull=False)


class FeatureConfiguration(Tracked):
    """One row per tenant, made at onboarding. A tenant without it has its features on.

    plan         the code of the plan that the tenant started with
    disabled_at  the instant since which every flag is closed for the tenant: it is suspended or archived
    """

    plan = models.CharField(max_length=40)
    made_at = models.DateTimeField()
    disabled_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)

    objects = FeatureConfigurationQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(name="flags_one_configuration", condition=Q(id=1)),
            models.CheckConstraint(
                name="flags_disabled_for_a_reason",
                condition=Q(disabled_at=None, reason="") | Q(disabled_at__isnull=False) & ~Q(reason=""),
            ),
        ]

    def __str__(self) -> str:
        return gettext("feature configuration")
