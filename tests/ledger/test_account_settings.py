"""An account that a setting names takes postings; a setting names only accounts that do."""

import time

import pytest
from django.db import connection, connections

from apps.bus import dispatch
from apps.ledger.commands import DeactivateAccount, OpenAccount
from apps.ledger.errors import (
    AccountIsNamedBySetting,
    AccountOfSettingHasChildren,
    AccountOfSettingIsInactive,
    AccountOfSettingUnknown,
)
from apps.ledger.hooks import account_settings
from apps.ledger.models import Account
from apps.settings.commands import ChangeSetting
from apps.settings.models import Setting
from tests.support.ledger_sql import attempt, raw
from tests.support.sqlstate import refused
from tests.support.threads import in_thread

BANK = "payments.bank_account"
OFF = "UPDATE ledger_account SET is_active = false WHERE code = '{code}'"
CHILD = (
    "INSERT INTO ledger_account (code, name, type, is_active, parent_id)"
    " SELECT '{code}1', 'Child of {code}', type, true, id FROM ledger_account WHERE code = '{code}'"
)
NAME = (
    "INSERT INTO settings_setting (key, value) VALUES ('payments.bank_account', '\"{code}\"')"
    " ON CONFLICT (key) DO UPDATE SET value = excluded.value"
)


def choose(code, actor, key=BANK):
    return dispatch(ChangeSetting(key=key, value=code), actor=actor)


def deactivate(account, actor):
    return dispatch(DeactivateAccount(account_id=account.pk, reason="Not used."), actor=actor)


def open_child(parent, actor):
    command = OpenAccount(code=f"{parent.code}1", name="Child", type=parent.type, parent=parent.code)
    return dispatch(command, actor=actor)


@pytest.fixture
def float_account(chart, controller):
    return dispatch(OpenAccount(code="1200", name="Float", type="asset"), actor=controller)


def test_changing_an_account_that_a_setting_names_is_refused_until_it_names_another(
    chart, float_account, controller
):
    for change in (deactivate, open_child):
        with pytest.raises(AccountIsNamedBySetting, match=f"{BANK} names account 1000"):
            change(chart["1000"], controller)

    choose("1200", controller)

    for change in (deactivate, open_child):
        with pytest.raises(AccountIsNamedBySetting, match=f"{BANK} names account 1200"):
            change(float_account, controller)
    deactivate(chart["1000"], controller)


def test_a_setting_that_names_an_account_without_postings_is_refused(chart, float_account, controller):
    deactivate(chart["5000"], controller)
    open_child(float_account, controller)

    for code, refusal in (
        ("9876", AccountOfSettingUnknown),
        ("5000", AccountOfSettingIsInactive),
        ("1200", AccountOfSettingHasChildren),
    ):
        with pytest.raises(refusal, match=f"{code} of the setting {BANK}"):
            choose(code, controller)
    assert not Setting.objects.exists()


@pytest.mark.parametrize("alias", ["default", "owner"])
def test_the_database_refuses_both_directions(chart, float_account, controller, alias):
    deactivate(chart["5000"], controller)
    open_child(float_account, controller)

    assert refused(OFF.format(code="1000"), alias=alias) == "BL016"
    assert refused(CHILD.format(code="1000"), alias=alias) == "BL016"
    rename = "UPDATE ledger_account SET code = '1' WHERE code = '1000'"
    assert refused(rename, alias=alias) == "BL016"
    for code, sqlstate in (("9876", "BL013"), ("5000", "BL014"), ("1200", "BL015")):
        assert refused(NAME.format(code=code), alias=alias) == sqlstate


@pytest.mark.parametrize("statement", [NAME, OFF, CHILD], ids=["setting", "deactivation", "child"])
def test_a_change_with_an_older_snapshot_is_refused(chart, acme, statement):
    with raw(acme) as session:
        session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")

        assert attempt(session, statement.format(code="2000")) == "BL017"


def test_resetting_a_setting_to_an_inactive_default_is_refused(chart, float_account, controller):
    choose("1200", controller)
    deactivate(chart["1000"], controller)

    assert refused(f"DELETE FROM settings_setting WHERE key = '{BANK}'") == "BL014"


def test_the_triggers_have_the_declared_keys_and_defaults(at_acme):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, encode(tgargs, 'escape') FROM pg_trigger"
            " WHERE tgfoid IN ('ledger_named_account_guard'::regproc, 'ledger_account_setting_guard'::regproc)"
            "   AND tgname NOT LIKE '%_again'"
        )
        enforced = {(table, *arguments.split("\\000")[:2]) for table, arguments in cursor.fetchall()}

    declared = {(setting.key, setting.default) for setting in account_settings()}
    assert len(declared) >= 4
    for table in ("ledger_account", "settings_setting"):
        assert {(key, default) for name, key, default in enforced if name == table} == declared


# Races of two connections


@pytest.mark.parametrize("change", [OFF, CHILD], ids=["deactivation", "child"])
def test_a_setting_and_a_change_of_its_account_exclude_one_another(chart, acme, change):
    """The second one waits for the first one, and is then refused."""
    assert race(acme, NAME.format(code="2000"), change.format(code="2000")) == "BL016"
    forget_setting()
    assert race(acme, change.format(code="3000"), NAME.format(code="3000")) in ("BL014", "BL015")


@pytest.mark.physical_copy
@pytest.mark.parametrize("change", [OFF, CHILD], ids=["deactivation", "child"])
def test_without_the_lock_a_setting_names_an_account_without_postings(chart, acme, change):
    """The control: the same races without the lock of the setting's trigger."""
    without_lock("ledger_account_setting_guard", " FOR SHARE")

    assert race(acme, NAME.format(code="2000"), change.format(code="2000"), waits=False) == "done"

    assert Setting.objects.get(key=BANK).value == "2000"
    account = Account.objects.with_has_children().get(code="2000")
    assert not account.is_active or account.has_children


def race(tenant, first, second, *, waits=True):
    """Both start before the first one commits. The outcome of the second one: "done", or its SQLSTATE."""
    with raw(tenant) as one, raw(tenant) as other:
        one.execute(first)
        with in_thread(lambda: attempt(other, second)) as outcome:
            time.sleep(0.2)
            assert bool(outcome) != waits
            one.commit()
    return outcome[0]


def forget_setting():
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM settings_setting")


def without_lock(function, lock):
    """Replaces the function by one without the lock, as the owner."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_functiondef(p.oid) FROM pg_proc p"
            " WHERE proname = %s AND pronamespace = current_schema()::regnamespace",
            [function],
        )
        (definition,) = cursor.fetchone()
        assert lock in definition
        cursor.execute(definition.replace(lock, ""))
