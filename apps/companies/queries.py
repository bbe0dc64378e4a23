"""Queries of companies."""

from __future__ import annotations

from .models import Company


def first_company() -> Company | None:
    """The company that was added at onboarding."""
    return Company.objects.order_by("id").first()
