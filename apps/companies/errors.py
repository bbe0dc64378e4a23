"""Refusals of companies."""

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, NotFound


class CompanyCodeTaken(Conflict):
    message = _("There is already a company {code}.")
    enforced_by = ("companies_company_code_key",)


class CompanyUnknown(NotFound):
    message = _("There is no company {code}.")
