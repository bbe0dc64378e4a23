"""Questions about companies."""

from __future__ import annotations

from .models import Company


def first_company() -> Company | None:
    """The one founded at onboarding."""
    return Company.objects.order_by("id").first()
