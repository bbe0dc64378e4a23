"""Handlers of the commands of companies."""

from __future__ import annotations

from apps.bus import handles
from apps.kernel.clock import today
from apps.kernel.currencies import currency_must_be_valid_on
from apps.kernel.errors import together

from . import rules
from .commands import FoundCompany
from .models import Company


@handles(FoundCompany)
def found_company(command: FoundCompany) -> Company:
    with together() as validation:
        validation.check(rules.one_more_must_be_allowed)
        validation.check(rules.company_must_be_named, command.code, command.name)
        validation.check(rules.code_must_be_free, command.code)
        validation.check(currency_must_be_valid_on, command.currency, today())
        parent = validation.check(rules.parent_must_exist, command.parent)

    return Company.objects.create(
        code=command.code,
        name=command.name,
        currency=command.currency,
        parent=parent,
        country=command.country,
    )
