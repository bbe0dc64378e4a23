"""Refusals of companies."""

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, NotFound, Refusal


class CompaniesRefusal(Refusal):
    """Base of the refusals of companies."""


class CompanyCodeTaken(CompaniesRefusal, Conflict):
    message = _("There is already a company {code}.")
    enforced_by = ("companies_company_code_key",)


class CompanyUnknown(CompaniesRefusal, NotFound):
    message = _("There is no company {code}.")
