"""Commands of an external step commit one by one: those committed before a failure are compensated."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from django.db import transaction

from apps.bus import dispatch
from apps.ledger.commands import DeactivateAccount, OpenAccount
from apps.ledger.models import Account
from apps.sagas.commands import CompensateSaga
from apps.sagas.declaration import SAGAS, Saga
from apps.sagas.models import Run
from apps.sagas.scheduling import begin
from apps.sagas.steps import NO_COMPENSATION, ExternalStep, ScopedCommand
from tests.support.branches import Opening
from tests.support.settling import settle

USED_CODE = "3000"


@pytest.fixture
def tills(capital, at_acme):
    """A saga that opens two tills; the number of the second may be in use."""

    def action(data: Opening) -> Iterable[ScopedCommand]:
        for code in data.code.split("+"):
            yield ScopedCommand(OpenAccount(code=code, name=f"Till {code}", type="asset"), at_acme)

    def compensation(data: Opening) -> Iterable[ScopedCommand]:
        codes = [code for code in data.code.split("+") if code != USED_CODE]
        for account in Account.objects.filter(code__in=codes, is_active=True):
            yield ScopedCommand(DeactivateAccount(account_id=account.pk, reason="Back."), at_acme)

    sagas = []

    def saga(compensation=compensation):
        sagas.append(
            Saga(
                name="companies.open_tills",
                title="Opening tills",
                data=Opening,
                steps=(ExternalStep("tills", action, compensation=compensation),),
            )
        )
        return sagas[-1]

    yield saga
    del SAGAS["companies.open_tills"]


def set_out(saga, codes):
    with transaction.atomic():
        run = begin(saga, Opening(code=codes), subject=f"tills:{codes}")
    settle()
    return Run.objects.get(pk=run.pk)


def live_accounts():
    return set(Account.objects.filter(is_active=True).values_list("code", flat=True))


def log_of(run):
    return [entry.kind for entry in run.log_entries.all()]


def test_commands_before_a_refused_command_are_compensated(tills):
    run = set_out(tills(), f"1300+{USED_CODE}")

    assert (run.state, run.completed_steps) == ("compensated", [])
    assert Account.objects.filter(code="1300").exists()
    assert live_accounts() == {USED_CODE}
    assert log_of(run) == ["began", "refused", "compensating", "compensated", "ended"]


def test_a_refusal_of_the_first_command_leaves_no_effects(tills):
    run = set_out(tills(), f"{USED_CODE}+1300")

    assert run.state == "compensated"
    assert not Account.objects.filter(code="1300").exists()


def test_an_external_step_without_compensation_is_skipped(tills):
    run = set_out(tills(NO_COMPENSATION), f"1300+{USED_CODE}")

    assert run.state == "compensated"
    assert log_of(run) == ["began", "refused", "compensating", "ended"]


def test_a_rollback_by_an_operator_compensates_committed_commands(tills, owner, monkeypatch):
    monkeypatch.setattr("apps.sagas.external_steps._execute", _fails_after_first())
    run = set_out(tills(), "1300+1200")
    assert (run.state, live_accounts()) == ("running", {USED_CODE, "1300"})

    dispatch(CompensateSaga(run_id=run.pk, reason="Not wanted."), actor=owner)
    settle()

    assert Run.objects.get(pk=run.pk).state == "compensated"
    assert live_accounts() == {USED_CODE}


def _fails_after_first():
    from apps.sagas.external_steps import _execute

    def execute(run, scoped, *rest):
        if getattr(scoped.command, "code", "") == "1200":
            raise LookupError("connection lost")
        return _execute(run, scoped, *rest)

    return execute
