"""What every command gets, shown with commands that exist."""

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
from apps.kernel.errors import SeveralRefusals
from apps.kernel.money import CurrencyUnknown
from apps.kernel.transactions import unit_of_work
from apps.settings.commands import ChangeSetting
from apps.settings.errors import SettingNotFound

PLANT = FoundCompany(code="PLANT", name="Acme Plant", currency="EUR", parent="MAIN")


def test_does_the_command_and_returns_what_the_handler_returns(at_acme, owner):
    company = dispatch(PLANT, actor=owner)

    assert Company.objects.get(code="PLANT") == company
    assert company.parent == Company.objects.get(code="MAIN")


def test_refuses_whoever_lacks_the_permission(at_acme, auditor):
    with pytest.raises(PermissionDenied) as caught:
        dispatch(PLANT, actor=auditor)

    assert caught.value.code == "bus.permission_denied"
    assert not Company.objects.filter(code="PLANT").exists()


def test_says_all_broken_rules_together(at_acme, owner):
    with pytest.raises(SeveralRefusals) as caught:
        dispatch(FoundCompany(code="MAIN", name="Again", currency="XXQ", parent="NOWHERE"), actor=owner)

    assert [refusal.code for refusal in caught.value.refusals] == [
        "companies.company_code_taken",
        "kernel.currency_unknown",
        "companies.company_unknown",
    ]


def test_needs_somebody_to_act(at_acme):
    with pytest.raises(TypeError, match="Nobody is named to found company"):
        dispatch(PLANT)


def test_a_lost_race_reads_like_the_rule(at_acme, owner, monkeypatch):
    from apps.companies import rules

    monkeypatch.setattr(rules, "code_must_be_free", lambda code: None)

    with pytest.raises(CompanyCodeTaken):
        dispatch(FoundCompany(code="MAIN", name="Again", currency="EUR"), actor=owner)


def test_rehearsing_keeps_nothing_and_tells_every_refusal(at_acme, owner):
    before = Record.objects.count()

    assert dry_run(PLANT, actor=owner) == ()
    refusals = dry_run(FoundCompany(code="MAIN", name="Again", currency="XXQ"), actor=owner)

    assert [type(refusal) for refusal in refusals] == [CompanyCodeTaken, CurrencyUnknown]
    assert not Company.objects.filter(code="PLANT").exists()
    assert Record.objects.count() == before
    assert [type(each) for each in dry_run(PLANT, actor=System("x", allowed=False))] == [PermissionDenied]


class System:
    """Somebody with or without all permissions."""

    pk = None

    def __init__(self, name, *, allowed):
        self.name, self.allowed = name, allowed

    def has_perm(self, perm, obj=None):
        return self.allowed

    def __str__(self):
        return self.name


@pytest.fixture
def a_command():
    """A command made for one test, forgotten after it."""
    from apps.bus import registry

    known = dict(registry._handled)
    yield
    registry._handled.clear()
    registry._handled.update(known)


def test_all_of_a_command_or_nothing(at_acme, owner, a_command):
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


def test_a_nested_refusal_that_is_caught_is_undone_alone_and_recorded(at_acme, owner, a_command):
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


def test_inside_somebody_elses_unit_of_work_the_refusals_row_outlives_the_rollback(at_acme, owner):
    with pytest.raises(CompanyCodeTaken), unit_of_work():
        dispatch(PLANT, actor=owner)
        dispatch(FoundCompany(code="MAIN", name="Again", currency="EUR"), actor=owner)

    assert not Company.objects.filter(code="PLANT").exists()
    assert Record.objects.filter(command="companies.found_company", outcome="refused").count() == 1


def test_the_handlers_transaction_is_the_outermost(at_acme, owner, a_command):
    depth = []

    @dataclass(frozen=True, kw_only=True)
    class LookAround(Command):
        """See whether a transaction is open."""

        permission = "companies.manage_companies"
        audit_message = "looked around"

    @handles(LookAround)
    def look_around(command):
        depth.append(connection.in_atomic_block)
        assert transaction.get_connection().savepoint_ids == []

    LookAround.__module__ = "apps.companies.commands"
    dispatch(LookAround(), actor=owner)

    assert depth == [True]


def test_half_a_command_is_not_accepted(a_command):
    @dataclass(frozen=True, kw_only=True)
    class Silent(Command):
        """It has no permission."""

        audit_message = "was silent"

    class Keyed(FoundCompany):
        """It has a key and does not say of what."""

        def natural_key(self):
            return self.code

    class Mistaken(Keyed):
        """It has no such field."""

        fact = ("colour",)

    with pytest.raises(TypeError, match="no `permission`"):
        handles(Silent)(lambda command: None)
    with pytest.raises(TypeError, match="the fields that make the fact"):
        handles(Keyed)(lambda command: None)
    with pytest.raises(TypeError, match="no field colour"):
        handles(Mistaken)(lambda command: None)
    with pytest.raises(TypeError, match="already has a handler"):
        handles(FoundCompany)(lambda command: None)


def test_every_command_has_one_handler_and_a_permission_that_exists(db):
    from django.contrib.auth.models import Permission

    known = {
        f"{app}.{codename}"
        for app, codename in Permission.objects.values_list("content_type__app_label", "codename")
    }

    assert commands()
    assert [command.command_name() for command in commands() if command.permission not in known] == []
    assert all(
        handled(command).handler.__name__ == command.command_name().split(".")[1] for command in commands()
    )
