"""Accounts and journals."""

from __future__ import annotations

from apps.bus import dispatch, handles
from apps.bus.edits import changes_in, edits_columns
from apps.kernel.errors import together
from apps.kernel.reasons import reason_must_be_given
from apps.ledger import rules
from apps.ledger.commands import (
    ChangeAccount,
    DeactivateAccount,
    OpenAccount,
    OpenJournal,
    ReactivateAccount,
    SetUpLedger,
)
from apps.ledger.errors import ReasonMissing
from apps.ledger.models import Account, Journal


@handles(OpenAccount)
def open_account(command: OpenAccount) -> Account:
    with together() as validation:
        validation.check(rules.account_must_be_new, command.code, command.name)
        validation.check(rules.account_type_must_be_known, command.type)
        parent = validation.check(rules.parent_must_take_children, command.parent, command.type)

    return Account.objects.create(code=command.code, name=command.name, type=command.type, parent=parent)


@handles(ChangeAccount, edits=edits_columns(Account, "account_id", "name", "type"))
def change_account(command: ChangeAccount) -> Account:
    account = rules.account_must_exist_for_change(command.account_id)
    changed = changes_in(command, "name", "type")
    with together() as validation:
        validation.check(rules.account_must_be_renamable, account, changed.get("name", account.name))
        validation.check(rules.account_type_must_be_changeable, account, changed.get("type", account.type))

    account.change(**changed)
    return account


@handles(DeactivateAccount)
def deactivate_account(command: DeactivateAccount) -> Account:
    account = rules.account_must_exist(command.account_id)
    with together() as validation:
        validation.check(reason_must_be_given, command.reason, ReasonMissing)
        validation.check(rules.account_must_be_active, account)
        validation.check(rules.account_must_not_be_on_drafts, account)
        validation.check(rules.account_must_not_be_named_by_setting, account)

    account.is_active = False
    account.save(update_fields=["is_active"])
    return account


@handles(ReactivateAccount)
def reactivate_account(command: ReactivateAccount) -> Account:
    account = rules.account_must_exist_for_change(command.account_id)
    with together() as validation:
        validation.check(reason_must_be_given, command.reason, ReasonMissing)
        validation.check(rules.account_must_be_inactive, account)

    account.change(is_active=True)
    return account


@handles(OpenJournal)
def open_journal(command: OpenJournal) -> Journal:
    rules.journal_must_be_new(command.code)

    return Journal.objects.create(code=command.code, name=command.name)


@handles(SetUpLedger)
def set_up_ledger(command: SetUpLedger) -> Journal:
    journal: Journal = dispatch(OpenJournal(code="GEN", name="General journal"))
    return journal
