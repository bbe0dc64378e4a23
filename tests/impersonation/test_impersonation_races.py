"""Concurrent use of one ticket, and concurrent tickets for one operator; with a negative control without the guard."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import IntegrityError, connections
from django.test import Client

from apps.bus import dispatch
from apps.identity.models import User
from apps.impersonation.commands import EnterAsSupport
from apps.impersonation.models import (
    MAX_SESSION_DURATION,
    Impersonation,
    ImpersonationQuerySet,
    SupportSession,
)
from apps.kernel.clock import now
from apps.kernel.tenant import activate

CLIENTS = 4


@pytest.fixture
def ticket(operator, acme, controller) -> str:
    command = EnterAsSupport(tenant_id=acme.id, user_id=controller.pk, reason="It does not add up.")
    return dispatch(command, actor=operator).new_ticket


@pytest.fixture
def all_read_first(monkeypatch):
    """No client redeems the ticket before all have read it."""
    barrier, first_row = threading.Barrier(CLIENTS, timeout=120), ImpersonationQuerySet.first

    def first(self: ImpersonationQuerySet) -> Impersonation | None:
        impersonation = first_row(self)
        barrier.wait()
        return impersonation

    monkeypatch.setattr(ImpersonationQuerySet, "first", first)


def at_once(do: Callable[[], object]) -> list[object]:
    results: list[object] = []

    @activate(None)
    def one() -> None:
        try:
            results.append(do())
        except Exception as error:
            results.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=180)
    return results


def redeem_status(ticket: str) -> int:
    return Client().post(f"/t/acme/support/enter/{ticket}/").status_code


def session_count(acme) -> int:
    with activate(acme):
        return SupportSession.objects.count()


def test_a_ticket_is_redeemed_by_one_of_many_clients(acme, ticket, all_read_first):
    results = at_once(lambda: redeem_status(ticket))

    assert sorted(results, key=str) == [302, *[404] * (CLIENTS - 1)]
    assert session_count(acme) == 1


def test_without_its_guard_a_ticket_is_redeemed_by_all(acme, ticket, all_read_first, monkeypatch):
    """The negative control: with a separate read and write, one ticket opens several sessions."""

    def redeem(self: ImpersonationQuerySet, ticket: str, tenant_id: int) -> Impersonation | None:
        if impersonation := self.with_valid_ticket(ticket, tenant_id).first():
            impersonation.ticket, impersonation.entered_at = "", now()
            impersonation.ends_at = impersonation.entered_at + MAX_SESSION_DURATION
            impersonation.save()
        return impersonation

    monkeypatch.setattr(ImpersonationQuerySet, "redeem", redeem)

    assert at_once(lambda: redeem_status(ticket)) == [302] * CLIENTS
    assert session_count(acme) == CLIENTS


def test_concurrent_requests_of_an_operator_leave_one_valid_ticket(operator, acme, controller):
    command = EnterAsSupport(tenant_id=acme.id, user_id=controller.pk, reason="It does not add up.")

    results = at_once(lambda: dispatch(command, actor=User.objects.get(pk=operator.pk)))

    assert [type(result) for result in results] == [Impersonation] * CLIENTS
    valid = [impersonation for impersonation in results if redeem_status(impersonation.new_ticket) == 302]
    assert len(valid) == 1
    assert Impersonation.objects.open().count() == 1


def test_the_database_refuses_a_second_open_impersonation(operator, ticket):
    only = Impersonation.objects.get()
    only.pk, only.ticket = None, "another"

    with pytest.raises(IntegrityError, match="identity_one_impersonation"):
        only.save(force_insert=True)


def test_the_database_refuses_a_longer_session(operator, ticket):
    """A constraint limits the session, whatever code writes the row."""
    Impersonation.objects.update(ticket="", entered_at=now(), ends_at=now() + MAX_SESSION_DURATION / 2)

    with pytest.raises(IntegrityError, match="identity_impersonation_is_short"):
        Impersonation.objects.update(ends_at=now() + 2 * MAX_SESSION_DURATION)
