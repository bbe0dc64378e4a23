"""Refusals of companies."""

from apps.kernel.errors import Conflict, NotFound, Refusal


class CompaniesRefusal(Refusal):
    """Base of the refusals of companies."""


class CompanyCodeTaken(CompaniesRefusal, Conflict):
    message = "There is already a company {code}."
    enforced_by = ("companies_company_code_key",)


class CompanyUnknown(CompaniesRefusal, NotFound):
    message = "There is no company {code}."
