"""Validation of companies."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.kernel import limits

from .errors import CompanyCodeTaken, CompanyUnknown
from .models import Company

COMPANIES = limits.declare_limit(
    "companies.companies",
    unit=_("companies"),
    description=_("Number of companies"),
    count=Company.objects.count,
)


def one_more_must_be_allowed() -> None:
    limits.must_allow(COMPANIES)


def code_must_be_free(code: str) -> None:
    if Company.objects.filter(code=code).exists():
        raise CompanyCodeTaken(code=code)


def parent_must_exist(code: str) -> Company | None:
    """The parent, or None without a code."""
    if not code:
        return None
    parent = Company.objects.filter(code=code).first()
    if parent is None:
        raise CompanyUnknown(code=code)
    return parent
