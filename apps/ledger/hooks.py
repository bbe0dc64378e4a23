"""Extension point: settings that name an account, such as the one that payments are debited to.

The account takes postings as long as a setting names it: by rules, and in the database (guards.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from apps.settings import SettingDefinition, declare

AccountSetting = SettingDefinition[str]


@dataclass(frozen=True)
class Accepted:
    """What an account setting accepts: the types of account, and the keys of settings that name other accounts, since
    one account for both would merge their balances."""

    types: tuple[str, ...]
    differs_from: tuple[str, ...] = ()


Rule = Callable[[AccountSetting, str], None]
_declared: dict[AccountSetting, Accepted] = {}
_rules: list[Rule] = []


def declare_account(
    *,
    key: str,
    default: str,
    description: str | Promise,
    types: tuple[str, ...],
    differs_from: tuple[str, ...] = (),
) -> AccountSetting:
    """Declares a setting whose value is the code of an account, in an app's setting_definitions.py. Migrations of that
    app have guards for it (guards.named_account, guards.accepted_account)."""
    setting = declare(key=key, type=str, default=default, description=description, rule=_must_be_usable)
    _declared[setting] = Accepted(types, differs_from)
    return setting


def accepted_by(setting: AccountSetting) -> Accepted:
    return _declared[setting]


def account_settings() -> Sequence[AccountSetting]:
    return tuple(_declared)


def account_rule(rule: Rule) -> Rule:
    """Registers a rule about the code that a setting will have."""
    if rule not in _rules:
        _rules.append(rule)
    return rule


def _must_be_usable(setting: SettingDefinition[Any], code: str) -> None:
    for rule in _rules:
        rule(setting, code)
