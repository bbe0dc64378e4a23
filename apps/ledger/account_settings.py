"""Settings that name an account, such as the one that payments are debited to. The account takes postings as long as a
setting names it: here in words, and in the database (guards.py)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.functional import Promise

from apps.kernel.errors import Refusal
from apps.settings import SettingDefinition, declare
from apps.settings import queries as settings_queries

from .errors import AccountOfSettingHasChildren, AccountOfSettingIsInactive, AccountOfSettingUnknown
from .models import Account

AccountSetting = SettingDefinition[str]
_declared: list[AccountSetting] = []


def declare_account(*, key: str, default: str, description: str | Promise) -> AccountSetting:
    """Declares a setting whose value is the code of an account, in an app's setting_definitions.py."""
    setting = declare(
        key=key, type=str, default=default, description=description, rule=_account_must_take_postings
    )
    _declared.append(setting)
    return setting


def account_settings() -> Sequence[AccountSetting]:
    return tuple(_declared)


def settings_naming(code: str) -> Sequence[AccountSetting]:
    """The settings of the current tenant that name the account, by a value or by their default."""
    return [setting for setting in _declared if settings_queries.value(setting) == code]


def unusable_accounts(settings: Sequence[AccountSetting]) -> list[Refusal]:
    """A refusal for each setting whose account does not exist or takes no postings; one query."""
    codes = {setting: settings_queries.value(setting) for setting in settings}
    accounts = {
        account.code: account
        for account in Account.objects.with_has_children().filter(code__in=set(codes.values()))
    }
    return list(_refusals(codes, accounts))


def _refusals(codes: Mapping[AccountSetting, str], accounts: Mapping[str, Account]) -> Iterator[Refusal]:
    for setting, code in codes.items():
        if refusal := _refusal(setting.key, code, accounts.get(code)):
            yield refusal


def _refusal(setting: str, code: str, account: Account | None) -> Refusal | None:
    if account is None:
        return AccountOfSettingUnknown(account=code, setting=setting)
    if not account.is_active:
        return AccountOfSettingIsInactive(account=code, setting=setting)
    if getattr(account, "has_children", False):  # annotated by with_has_children()
        return AccountOfSettingHasChildren(account=code, setting=setting)
    return None


def _account_must_take_postings(setting: SettingDefinition[Any], code: str) -> None:
    account = Account.objects.with_has_children().filter(code=code).first()
    if refusal := _refusal(setting.key, code, account):
        raise refusal
