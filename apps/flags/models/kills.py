"""Kills: a flag turned off at once, on the platform for all users, in a tenant for the tenant."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext

from apps.kernel.models import Tracked


class Kill(Tracked):
    """A flag that is off at once, whatever its revisions say. It ends by an approved revival.

    reviewed_at, review  the review afterwards, by another person
    """

    key = models.CharField(max_length=100)
    reason = models.TextField()
    killed_at = models.DateTimeField()
    killed_by_id = models.BigIntegerField(null=True)
    killed_by_name = models.CharField(max_length=200)
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by_id = models.BigIntegerField(null=True)
    reviewed_by_name = models.CharField(max_length=200, blank=True)
    review = models.TextField(blank=True)
    revived_at = models.DateTimeField(null=True)
    revived_by_name = models.CharField(max_length=200, blank=True)
    revival_reason = models.TextField(blank=True)

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                name="flags_one_active_kill", fields=["key"], condition=Q(revived_at=None)
            ),
            models.CheckConstraint(
                name="flags_kill_is_reviewed_by_another_person",
                condition=Q(reviewed_at=None, reviewed_by_id=None)
                | Q(reviewed_at__isnull=False, reviewed_by_id__isnull=False)
                & (Q(killed_by_id=None) | ~Q(reviewed_by_id=F("killed_by_id"))),
            ),
        ]

    def __str__(self) -> str:
        return gettext("kill {pk} of {key}").format(pk=self.pk, key=self.key)

    @property
    def is_active(self) -> bool:
        return self.revived_at is None
