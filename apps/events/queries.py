"""Queries on events and deliveries."""

from __future__ import annotations

from .models import Delivery


def dead_letters() -> int:
    """The number of dead letters of the current tenant."""
    return Delivery.objects.filter(status=Delivery.Status.DEAD).count()
