"""An account that a setting names takes postings; a setting names only accounts that do."""

import json
import time

import pytest
from django.db import connection, connections

from apps.bus import dispatch
from apps.ledger import rules
from apps.ledger.commands import DeactivateAccount, OpenAccount
from apps.ledger.errors import (
    AccountIsNamedBySetting,
    AccountOfSettingHasChildren,
    AccountOfSettingHasOtherType,
    AccountOfSettingIsInactive,
    AccountOfSettingIsShared,
    AccountOfSettingUnknown,
    BookingImpossible,
)
from apps.ledger.hooks import accepted_by, account_settings
from apps.ledger.models import Account
from apps.payments import rules as payments
from apps.settings.commands import ChangeSetting
from apps.settings.models import Setting
from tests.support.ledger_sql import attempt, raw
from tests.support.sqlstate import refused
from tests.support.threads import in_thread

BANK = "payments.bank_account"
RECEIVABLE = "payments.receivable_account"
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


@pytest.fixture
def spare_accounts(float_account, controller):
    """Accounts 1200 and 1300, which no setting names."""
    dispatch(OpenAccount(code="1300", name="Second float", type="asset"), actor=controller)


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


def test_a_setting_accepts_accounts_of_its_types_only(chart, controller):
    with pytest.raises(
        AccountOfSettingHasOtherType, match=f"2000 of the setting {BANK} is of type liability"
    ):
        choose("2000", controller)
    for code in ("2000", "3000", "4000", "5000"):
        assert refused(NAME.format(code=code)) == "BL018"
    assert not Setting.objects.exists()


@pytest.mark.parametrize("alias", ["default", "owner"])
def test_the_type_of_an_account_that_a_setting_names_does_not_change(chart, float_account, controller, alias):
    choose("1200", controller)

    with pytest.raises(AccountIsNamedBySetting):
        rules.account_type_must_be_changeable(float_account, "liability")
    retype = "UPDATE ledger_account SET type = 'liability' WHERE code = '{code}'"
    assert refused(retype.format(code="1200"), alias=alias) == "BL016"
    choose("1000", controller)
    with connections[alias].cursor() as cursor:
        cursor.execute(retype.format(code="1200"))


def test_a_default_account_of_another_type_is_an_obstacle_of_bookings(at_acme, controller):
    for code, name, type in (("1000", "Loans", "liability"), ("1100", "Receivables", "asset")):
        dispatch(OpenAccount(code=code, name=name, type=type), actor=controller)

    with pytest.raises(BookingImpossible) as caught:
        payments.booking_must_be_possible("USD")

    assert caught.value.context["codes"] == ["ledger.account_of_setting_has_other_type"]


def test_bank_and_receivables_are_different_accounts(chart, float_account, controller):
    choose("1200", controller, key=RECEIVABLE)

    with pytest.raises(
        AccountOfSettingIsShared, match=f"1200 of the setting {BANK} is that of the setting {RECEIVABLE}"
    ):
        choose("1200", controller)
    with pytest.raises(AccountOfSettingIsShared):
        choose("1000", controller, key=RECEIVABLE)  # the default of the bank account
    for alias in ("default", "owner"):
        assert refused(NAME.format(code="1200"), alias=alias) == "BL019"
        assert (
            refused(f"UPDATE settings_setting SET value = '\"1000\"' WHERE key = '{RECEIVABLE}'", alias=alias)
            == "BL019"
        )


def test_a_setting_is_not_reset_to_a_default_that_another_setting_names(chart, float_account, controller):
    choose("1200", controller)
    choose("1000", controller, key=RECEIVABLE)

    assert refused(f"DELETE FROM settings_setting WHERE key = '{BANK}'") == "BL019"


def test_two_settings_that_choose_one_account_at_the_same_time_exclude_one_another(
    chart, acme, float_account
):
    other = NAME.replace(BANK, RECEIVABLE)

    assert race(acme, NAME.format(code="1200"), other.format(code="1200")) == "BL019"


@pytest.mark.physical_copy
def test_without_the_lock_two_settings_choose_one_account(chart, acme, float_account):
    """The control."""
    lock = "    PERFORM pg_advisory_xact_lock(hashtextextended(TG_TABLE_SCHEMA || ':account-settings', 0));\n"
    without_lock("ledger_account_setting_guard", lock)
    other = NAME.replace(BANK, RECEIVABLE)

    assert race(acme, NAME.format(code="1200"), other.format(code="1200"), waits=False) == "done"


def test_the_triggers_have_the_declared_types_and_other_settings(at_acme):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT encode(tgargs, 'escape') FROM pg_trigger"
            " WHERE tgfoid = 'ledger_account_setting_guard'::regproc AND tgrelid = 'settings_setting'::regclass"
        )
        enforced = [arguments.split("\\000")[:4] for (arguments,) in cursor.fetchall()]

    assert len(enforced) == 2 * len(account_settings())
    by_key = {setting.key: setting for setting in account_settings()}
    for key, _, types, others in enforced:
        accepted = accepted_by(by_key[key])
        assert tuple(types.split(",")) == accepted.types
        assert json.loads(others) == {other: by_key[other].default for other in accepted.differs_from}
        assert all(key in accepted_by(by_key[other]).differs_from for other in accepted.differs_from)


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
def test_a_setting_and_a_change_of_its_account_exclude_one_another(spare_accounts, acme, change):
    """The second one waits for the first one, and is then refused."""
    assert race(acme, NAME.format(code="1200"), change.format(code="1200")) == "BL016"
    forget_setting()
    assert race(acme, change.format(code="1300"), NAME.format(code="1300")) in ("BL014", "BL015")


@pytest.mark.physical_copy
@pytest.mark.parametrize("change", [OFF, CHILD], ids=["deactivation", "child"])
def test_without_the_lock_a_setting_names_an_account_without_postings(spare_accounts, acme, change):
    """The control: the same races without the lock of the setting's trigger."""
    without_lock("ledger_account_setting_guard", " FOR SHARE")

    assert race(acme, NAME.format(code="1200"), change.format(code="1200"), waits=False) == "done"

    assert Setting.objects.get(key=BANK).value == "1200"
    account = Account.objects.with_has_children().get(code="1200")
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
