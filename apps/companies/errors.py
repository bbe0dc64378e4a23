"""Refusals of companies."""

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Invalid, NotFound


class CompanyCodeTaken(Conflict):
    message = _("There is already a company {code}.")
    enforced_by = ("companies_company_code_key", "companies_company_code_in_any_case")


class CompanyNameMissing(Invalid):
    message = _("A company needs a code and a name.")


class CompanyUnknown(NotFound):
    message = _("There is no company {code}.")
