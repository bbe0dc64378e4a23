"""Refusals of companies."""

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Invalid, NotFound


class CompanyCodeTaken(Conflict):
    message = _("There is already a company {code}.")
    enforced_by = ("companies_company_code_key", "companies_company_code_in_any_case")


class CompanyNameMissing(Invalid):
    message = _("A company needs a code and a name.")


class CountryMalformed(Invalid):
    message = _("{country!r} is not a country: use its two letters of ISO 3166-1, such as DE, or nothing.")


class CompanyUnknown(NotFound):
    message = _("There is no company {code}.")
