"""Accounts that settings name."""

from __future__ import annotations

from collections.abc import Sequence

from apps.kernel.errors import Refusal
from apps.ledger.errors import (
    AccountIsInactive,
    AccountOfSettingHasChildren,
    AccountOfSettingHasOtherType,
    AccountOfSettingIsInactive,
    AccountOfSettingIsShared,
    AccountOfSettingUnknown,
    AccountUnknown,
)
from apps.ledger.hooks import AccountSetting, accepted_by, account_settings
from apps.ledger.models import Account
from apps.settings import queries as settings_queries


def settings_naming(code: str) -> Sequence[AccountSetting]:
    """The settings of the current tenant that name the account, by a value or by their default."""
    return [setting for setting in account_settings() if settings_queries.value(setting) == code]


def are_account_settings_usable() -> bool:
    """Whether each setting that names an account names one that takes postings."""
    return not unusable_accounts(account_settings())


def unusable_accounts(settings: Sequence[AccountSetting]) -> Sequence[Refusal]:
    """A refusal for each setting whose account does not exist or takes no postings; one query."""
    return _refusals({setting: settings_queries.value(setting) for setting in settings})


def inactive_accounts(codes: Sequence[str]) -> Sequence[Refusal]:
    """A refusal for each account, of an earlier entry, that takes no postings any more."""
    active = dict(Account.objects.filter(code__in=codes).values_list("code", "is_active"))
    return [
        AccountIsInactive(account=code) if code in active else AccountUnknown(account=code)
        for code in codes
        if not active.get(code)
    ]


def unusable_account(setting: AccountSetting, code: str) -> Refusal | None:
    """The refusal if the setting named this account."""
    return next(iter(_refusals({setting: code})), None)


def _refusals(codes: dict[AccountSetting, str]) -> list[Refusal]:
    named = Account.objects.with_has_children().filter(code__in=set(codes.values()))
    accounts = {account.code: account for account in named}
    refusals = [_refusal(setting, code, accounts.get(code)) for setting, code in codes.items()]
    return [refusal for refusal in refusals if refusal]


def _refusal(setting: AccountSetting, code: str, account: Account | None) -> Refusal | None:
    if account is None:
        return AccountOfSettingUnknown(account=code, setting=setting.key)
    if not account.is_active:
        return AccountOfSettingIsInactive(account=code, setting=setting.key)
    if getattr(account, "has_children", False):  # annotated by with_has_children()
        return AccountOfSettingHasChildren(account=code, setting=setting.key)
    accepted = accepted_by(setting)
    if account.type not in accepted.types:
        return AccountOfSettingHasOtherType(
            account=code, setting=setting.key, type=account.type, types=", ".join(accepted.types)
        )
    for other in settings_naming(code):
        if other.key in accepted.differs_from:
            return AccountOfSettingIsShared(account=code, setting=setting.key, other=other.key)
    return None
