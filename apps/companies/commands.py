"""The commands of companies."""

from dataclasses import dataclass, field

from django.utils.translation import gettext_noop

from apps.bus import Command
from apps.kernel.plain import printed


@dataclass(frozen=True, kw_only=True)
class FoundCompany(Command):
    """Add a company to the tenant, on its own or below another."""

    permission = "companies.manage_companies"
    audit_message = gettext_noop("founded the company {result}")

    code: str
    name: str = field(metadata=printed)
    currency: str
    parent: str = ""
    country: str = ""


@dataclass(frozen=True, kw_only=True)
class ChangeCompany(Command):
    """Change the name or country of a company. Issued documents keep what they state.

    A field that is null stays as it is."""

    permission = "companies.manage_companies"
    audit_message = gettext_noop("changed the company {result}")

    company_id: int
    name: str | None = field(default=None, metadata=printed)
    country: str | None = None
