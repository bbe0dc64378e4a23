"""The guarantees of the bus for every command, tested with real commands."""

from dataclasses import dataclass

import pytest
from django.db import connection, transaction

from apps.audit.models import Record
from apps.bus import Command, dispatch, dry_run, handles
from apps.bus.errors import PermissionDenied
from apps.bus.registry import commands, handled
from apps.companies.commands import FoundCompany
from apps.companies.errors import CompanyCodeTaken
from apps.companies.models import Company
from apps.events.models import OutboxEvent
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.errors import SeveralRefusals
from apps.kernel.money import CurrencyUnknown
from apps.kernel.naming import derived_name
from apps.settings.commands import ChangeSetting
from apps.settings.errors import SettingNotFound

PLANT = FoundCompany(code="PLANT", name="Acme Plant", currency="EUR", parent="MAIN")


def test_dispatch_returns_the_result_of_the_handler(at_acme, owner):
    company = dispatch(PLANT, actor=owner)

    assert Company.objects.get(code="PLANT") == company
    assert company.parent == Company.objects.get(code="MAIN")


def test_an_actor_without_the_permission_is_refused(at_acme, auditor):
    with pytest.raises(PermissionDenied) as caught:
        dispatch(PLANT, actor=auditor)

    assert caught.value.code == "bus.permission_denied"
    assert not Company.objects.filter(code="PLANT").exists()


def test_all_broken_rules_are_reported_together(at_acme, owner):
    with pytest.raises(SeveralRefusals) as caught:
        dispatch(FoundCompany(code="MAIN", name="Again", currency="XXQ", parent="NOWHERE"), actor=owner)

    assert [refusal.code for refusal in caught.value.refusals] == [
        "companies.company_code_taken",
        "kernel.currency_unknown",
        "companies.company_unknown",
    ]


def test_a_command_without_an_actor_is_refused(at_acme):
    with pytest.raises(TypeError, match="The command 'Found company' has no actor"):
        dispatch(PLANT)


def test_a_lost_race_raises_the_refusal_of_the_rule(at_acme, owner, monkeypatch):
    from apps.companies import rules

    monkeypatch.setattr(rules, "code_must_be_free", lambda code: None)

    with pytest.raises(CompanyCodeTaken):
        dispatch(FoundCompany(code="MAIN", name="Again", currency="EUR"), actor=owner)


def test_a_dry_run_stores_nothing_but_returns_every_refusal(at_acme, owner):
    before = Record.objects.count()

    assert dry_run(PLANT, actor=owner) == ()
    refusals = dry_run(FoundCompany(code="MAIN", name="Again", currency="XXQ"), actor=owner)

    assert [type(refusal) for refusal in refusals] == [CompanyCodeTaken, CurrencyUnknown]
    assert not Company.objects.filter(code="PLANT").exists()
    assert Record.objects.count() == before
    assert [type(refusal) for refusal in dry_run(PLANT, actor=System("x", allowed=False))] == [
        PermissionDenied
    ]


class System:
    """An actor with all permissions, or none."""

    pk = None

    def __init__(self, name, *, allowed):
        self.name, self.allowed = name, allowed

    def has_perm(self, perm, obj=None):
        return self.allowed

    def __str__(self):
        return self.name


@pytest.fixture
def a_command():
    """Commands declared by the test are removed from the registry afterwards."""
    from apps.bus import registry

    known = dict(registry._handled)
    yield
    registry._handled.clear()
    registry._handled.update(known)


def test_a_failed_command_is_rolled_back_as_a_whole(at_acme, owner, a_command):
    @dataclass(frozen=True, kw_only=True)
    class FoundAndFail(Command):
        """Found a company and then fail."""

        permission = "companies.manage_companies"
        audit_message = "founded and failed"

    FoundAndFail.__module__ = "apps.companies.commands"

    @handles(FoundAndFail)
    def found_and_fail(command):
        dispatch(PLANT)
        dispatch(ChangeSetting(key="periods.reason_length", value=12))
        raise LookupError("the shelf fell down")

    with pytest.raises(LookupError):
        dispatch(FoundAndFail(), actor=owner)

    assert not Company.objects.filter(code="PLANT").exists()
    assert not OutboxEvent.objects.filter(name="setting.changed").exists()
    assert not Record.objects.filter(command="companies.found_company", sentence__contains="Plant").exists()
    failed = Record.objects.get(command="companies.found_and_fail")
    assert (failed.outcome, failed.actor_name) == ("failed", str(owner))


def test_a_caught_refusal_of_a_nested_command_rolls_back_that_command_only(at_acme, owner, a_command):
    @dataclass(frozen=True, kw_only=True)
    class FoundOrGoOn(Command):
        """Found what can be founded."""

        permission = "companies.manage_companies"
        audit_message = "founded what could be"

    FoundOrGoOn.__module__ = "apps.companies.commands"

    @handles(FoundOrGoOn)
    def found_or_go_on(command):
        dispatch(PLANT)
        with pytest.raises(SettingNotFound):
            dispatch(ChangeSetting(key="no.such", value=1))

    dispatch(FoundOrGoOn(), actor=owner)

    assert Company.objects.filter(code="PLANT").exists()
    assert Record.objects.get(command="settings.change_setting").outcome == "refused"
    assert Record.objects.get(command="companies.found_or_go_on").outcome == "done"


def test_the_record_of_a_refusal_survives_the_rollback_of_an_outer_unit_of_work(at_acme, owner):
    with pytest.raises(CompanyCodeTaken), unit_of_work():
        dispatch(PLANT, actor=owner)
        dispatch(FoundCompany(code="MAIN", name="Again", currency="EUR"), actor=owner)

    assert not Company.objects.filter(code="PLANT").exists()
    assert Record.objects.filter(command="companies.found_company", outcome="refused").count() == 1


def test_the_handlers_transaction_is_the_outermost(at_acme, owner, a_command):
    depth = []

    @dataclass(frozen=True, kw_only=True)
    class InspectTransaction(Command):
        """Record whether a transaction is open."""

        permission = "companies.manage_companies"
        audit_message = "inspected the transaction"

    @handles(InspectTransaction)
    def inspect_transaction(command):
        depth.append(connection.in_atomic_block)
        assert transaction.get_connection().savepoint_ids == []

    InspectTransaction.__module__ = "apps.companies.commands"
    dispatch(InspectTransaction(), actor=owner)

    assert depth == [True]


def test_an_incomplete_command_is_not_accepted(a_command):
    @dataclass(frozen=True, kw_only=True)
    class Silent(Command):
        """A command without a permission."""

        audit_message = "was silent"

    class Keyed(FoundCompany):
        """A command with a natural key, but without the fields of its fact."""

        def natural_key(self):
            return self.code

    class Mistaken(Keyed):
        """A command whose fact names an unknown field."""

        fact = ("colour",)

    with pytest.raises(TypeError, match="no `permission`"):
        handles(Silent)(lambda command: None)
    with pytest.raises(TypeError, match="the fields that make the fact"):
        handles(Keyed)(lambda command: None)
    with pytest.raises(TypeError, match="no field colour"):
        handles(Mistaken)(lambda command: None)
    with pytest.raises(TypeError, match="already has a handler"):
        handles(FoundCompany)(lambda command: None)


def test_every_command_has_one_handler_with_an_existing_permission(db):
    from django.contrib.auth.models import Permission

    known = {
        f"{app}.{codename}"
        for app, codename in Permission.objects.values_list("content_type__app_label", "codename")
    }

    assert commands()
    assert [command.command_name() for command in commands() if command.permission not in known] == []
    assert all(
        handled(command).handler.__name__ == derived_name(command).split(".")[1] for command in commands()
    )
