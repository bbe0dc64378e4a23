"""Handlers of the commands of companies."""

from __future__ import annotations

from apps.bus import handles
from apps.bus.edits import changes_in, edits_columns
from apps.kernel.clock import today
from apps.kernel.currencies import currency_must_be_valid_on
from apps.kernel.errors import together

from . import queries, rules
from .commands import ChangeCompany, FoundCompany
from .models import Company


@handles(FoundCompany)
def found_company(command: FoundCompany) -> Company:
    with together() as validation:
        validation.check(rules.one_more_must_be_allowed)
        validation.check(rules.company_must_be_named, command.code, command.name)
        validation.check(rules.code_must_be_free, command.code)
        validation.check(currency_must_be_valid_on, command.currency, today())
        validation.check(rules.country_must_be_a_code, command.country)
        parent = validation.check(rules.parent_must_exist, command.parent)

    company = Company.objects.create(
        code=command.code,
        name=command.name,
        currency=command.currency,
        parent=parent,
        country=command.country,
    )
    queries.cached.invalidate()
    return company


@handles(ChangeCompany, edits=edits_columns(Company, "company_id", "name", "country"))
def change_company(command: ChangeCompany) -> Company:
    company = rules.company_must_exist_for_change(command.company_id)
    changed = changes_in(command, "name", "country")
    with together() as validation:
        validation.check(rules.company_must_be_named, company.code, changed.get("name", company.name))
        validation.check(rules.country_must_be_a_code, changed.get("country", ""))

    company.change(**changed)
    return company
