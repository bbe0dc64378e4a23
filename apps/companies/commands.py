"""The commands of companies."""

from dataclasses import dataclass

from apps.bus import Command


@dataclass(frozen=True, kw_only=True)
class FoundCompany(Command):
    """Add a company to the tenant, on its own or below another."""

    permission = "companies.manage_companies"
    audit_message = "founded the company {result}"

    code: str
    name: str
    currency: str
    parent: str = ""
    country: str = ""
