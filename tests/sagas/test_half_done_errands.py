"""An errand's commands are kept one by one: what it had done when the journey turns back on it is taken back."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from django.db import transaction

from apps.bus import dispatch
from apps.ledger.commands import DeactivateAccount, OpenAccount
from apps.ledger.models import Account
from apps.sagas import NOTHING, SAGAS, Asked, Errand, Saga
from apps.sagas.commands import TurnSagaBack
from apps.sagas.models import Run
from apps.sagas.runs import begin
from tests.support.branches import Opening
from tests.support.settling import settle

TAKEN = "3000"


@pytest.fixture
def tills(capital, at_acme):
    """Two tills are opened; the second one's number can be one that is taken."""

    def forth(data: Opening) -> Iterable[Asked]:
        for code in data.code.split("+"):
            yield Asked(OpenAccount(code=code, name=f"Till {code}", type="asset"), at_acme)

    def back(data: Opening) -> Iterable[Asked]:
        codes = [code for code in data.code.split("+") if code != TAKEN]
        for account in Account.objects.filter(code__in=codes, is_active=True):
            yield Asked(DeactivateAccount(account_id=account.pk, reason="Back."), at_acme)

    made = []

    def saga(way_back=back):
        made.append(
            Saga(
                name="companies.open_tills",
                title="Opening tills",
                data=Opening,
                steps=(Errand("tills", forth, back=way_back),),
            )
        )
        return made[-1]

    yield saga
    del SAGAS["companies.open_tills"]


def set_out(saga, codes):
    with transaction.atomic():
        run = begin(saga, Opening(code=codes), subject=f"tills:{codes}")
    settle()
    return Run.objects.get(pk=run.pk)


def live_accounts():
    return set(Account.objects.filter(is_active=True).values_list("code", flat=True))


def way(run):
    return [happening.what for happening in run.happenings.all()]


def test_what_it_did_before_it_was_refused_is_taken_back(tills):
    run = set_out(tills(), f"1100+{TAKEN}")

    assert (run.state, run.done) == ("compensated", [])
    assert Account.objects.filter(code="1100").exists()
    assert live_accounts() == {TAKEN}
    assert way(run) == ["began", "refused", "turned", "undone", "ended"]


def test_where_it_had_done_nothing_there_is_nothing_to_undo(tills):
    run = set_out(tills(), f"{TAKEN}+1100")

    assert run.state == "compensated"
    assert not Account.objects.filter(code="1100").exists()


def test_one_that_leaves_nothing_is_not_asked(tills):
    run = set_out(tills(NOTHING), f"1100+{TAKEN}")

    assert run.state == "compensated"
    assert way(run) == ["began", "refused", "turned", "ended"]


def test_an_operator_who_sends_it_back_has_it_taken_back(tills, owner, monkeypatch):
    monkeypatch.setattr("apps.sagas.errands._do", _broken_after_first())
    run = set_out(tills(), "1100+1200")
    assert (run.state, live_accounts()) == ("running", {TAKEN, "1100"})

    dispatch(TurnSagaBack(run_id=run.pk, reason="Not wanted."), actor=owner)
    settle()

    assert Run.objects.get(pk=run.pk).state == "compensated"
    assert live_accounts() == {TAKEN}


def _broken_after_first():
    from apps.sagas.errands import _do

    def do(run, asked, *rest):
        if getattr(asked.command, "code", "") == "1200":
            raise LookupError("the line is cut")
        return _do(run, asked, *rest)

    return do
