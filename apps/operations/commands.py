"""The journeys that can be asked for."""

from dataclasses import dataclass

from apps.bus import Command


@dataclass(frozen=True, kw_only=True)
class OnboardTenant(Command):
    """Set up a new customer: schema, first company, calendar, books, and an owner who chooses a password by link.

    Each step commits by itself, so a journey that was cut off goes on when it is asked for again.
    """

    permission = "tenancy.onboard_tenant"
    atomic = False
    says = "onboarded the tenant {name}"

    slug: str
    name: str
    owner_email: str
    owner_name: str = ""
    currency: str = "USD"
