"""Endpoints: the addresses to which events are sent."""

from __future__ import annotations

import datetime as dt

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.audit.history import field_history
from apps.kernel.clock import now
from apps.kernel.models import Tracked


class EndpointQuerySet(models.QuerySet["Endpoint"]):
    def active(self) -> EndpointQuerySet:
        return self.filter(state=Endpoint.State.ACTIVE)

    def subscribed_to(self, event: str) -> EndpointQuerySet:
        return self.active().filter(Q(events=[]) | Q(events__contains=[event]))


class Endpoint(Tracked):
    """Another system that receives events: all, if `events` is empty.

    enabled_at  start of the current active period
    tried_at    time of the last attempt, with its `last_outcome`
    taken_at    time of the last successful attempt
    new_secret  the secret after its creation, shown once and not stored in the clear
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        DISABLED = "disabled", _("Disabled")

    url = models.CharField(max_length=2000)
    description = models.CharField(max_length=200, blank=True)
    events = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    disabled_reason = models.TextField(blank=True)
    created_at = models.DateTimeField()
    enabled_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(null=True)
    last_outcome = models.CharField(max_length=500, blank=True)

    history = field_history(excluded_fields=["taken_at", "tried_at", "last_outcome"])
    objects = EndpointQuerySet.as_manager()
    new_secret = ""

    class Meta:
        default_permissions = ("view",)
        permissions = [("manage_endpoints", "Can manage webhook endpoints and send messages again")]
        constraints = [
            models.CheckConstraint(
                name="webhooks_disabled_has_reason",
                condition=Q(state="active", disabled_reason="")
                | (Q(state="disabled") & ~Q(disabled_reason="")),
            ),
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def is_active(self) -> bool:
        return self.state == self.State.ACTIVE

    @property
    def silent_since(self) -> dt.datetime:
        """The last success, or the enabling."""
        return max(self.enabled_at, self.taken_at or self.enabled_at)

    def disable(self, reason: str) -> None:
        self.state, self.disabled_reason = self.State.DISABLED, reason
        self.save(update_fields=["state", "disabled_reason"])

    def enable(self) -> None:
        self.state, self.disabled_reason, self.enabled_at = self.State.ACTIVE, "", now()
        self.save(update_fields=["state", "disabled_reason", "enabled_at"])
