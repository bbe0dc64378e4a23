"""Validation of companies."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.kernel import limits
from apps.kernel.text import is_visible

from .errors import CompanyCodeTaken, CompanyNameMissing, CompanyUnknown
from .models import Company

COMPANIES = limits.declare_limit(
    "companies.companies",
    unit=_("companies"),
    description=_("Number of companies"),
    count=Company.objects.count,
)


def one_more_must_be_allowed() -> None:
    limits.must_allow(COMPANIES)


def company_must_be_named(code: str, name: str) -> None:
    if not is_visible(code) or not is_visible(name):
        raise CompanyNameMissing


def code_must_be_free(code: str) -> None:
    if Company.objects.filter(code__iexact=code).exists():
        raise CompanyCodeTaken(code=code)


def parent_must_exist(code: str) -> Company | None:
    """The parent, or None without a code."""
    if not code:
        return None
    parent = Company.objects.filter(code=code).first()
    if parent is None:
        raise CompanyUnknown(code=code)
    return parent
