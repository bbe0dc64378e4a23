"""Validation of companies."""

from __future__ import annotations

import re

from django.utils.translation import gettext_lazy as _

from apps.kernel import limits
from apps.kernel.text import is_visible

from .errors import CompanyCodeTaken, CompanyNameMissing, CompanyUnknown, CountryMalformed
from .models import Company

COUNTRY = re.compile(r"\A(?:[A-Z]{2})?\Z")
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


def country_must_be_a_code(country: str) -> None:
    if not COUNTRY.match(country):
        raise CountryMalformed(country=country)


def company_must_exist_for_change(company_id: int) -> Company:
    """Locks the company until the end of the transaction."""
    company = Company.objects.select_for_update(no_key=True).filter(pk=company_id).first()
    if company is None:
        raise CompanyUnknown(code=company_id)
    return company


def parent_must_exist(code: str) -> Company | None:
    """The parent, or None without a code."""
    if not code:
        return None
    parent = Company.objects.filter(code=code).first()
    if parent is None:
        raise CompanyUnknown(code=code)
    return parent
