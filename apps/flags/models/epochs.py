"""The epoch of what flags serve. A trigger moves it in each transaction that changes what is served."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext


class Epoch(models.Model):
    """One row. Its lock orders the changes, so an epoch that was read includes all changes up to it.

    value  milliseconds since 1970 of the latest change, and always more than the value before
    """

    id = models.PositiveSmallIntegerField(primary_key=True)
    value = models.BigIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(name="flags_one_epoch", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return gettext("epoch {value}").format(value=self.value)
