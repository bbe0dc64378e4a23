"""Two hands on one ticket, two tickets for one operator: with real connections, and with the guard taken away."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import IntegrityError, connections
from django.test import Client

from apps.bus import dispatch
from apps.identity.impersonation.commands import EnterAsSupport
from apps.identity.impersonation.models import MAX_SESSION_DURATION, ImpersonationQuerySet
from apps.identity.models import Impersonation, SupportSession, User
from apps.kernel.clock import now
from apps.kernel.tenant import activate

HANDS = 4


@pytest.fixture
def ticket(operator, acme, controller) -> str:
    asked = EnterAsSupport(tenant_id=acme.id, user_id=controller.pk, reason="It does not add up.")
    return dispatch(asked, actor=operator).new_ticket


@pytest.fixture
def everybody_looks_first(monkeypatch):
    """Nobody acts on a ticket before all have found it good."""
    barrier, look = threading.Barrier(HANDS, timeout=20), ImpersonationQuerySet.first

    def first(self: ImpersonationQuerySet) -> Impersonation | None:
        found = look(self)
        barrier.wait()
        return found

    monkeypatch.setattr(ImpersonationQuerySet, "first", first)


def at_once(do: Callable[[], object]) -> list[object]:
    answers: list[object] = []

    @activate(None)
    def one() -> None:
        try:
            answers.append(do())
        except Exception as error:
            answers.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one) for _ in range(HANDS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return answers


def entered(ticket: str) -> int:
    return Client().post(f"/t/acme/support/enter/{ticket}/").status_code


def visits_of(acme) -> int:
    with activate(acme):
        return SupportSession.objects.count()


def test_a_ticket_opens_for_one_of_many_hands(acme, ticket, everybody_looks_first):
    answers = at_once(lambda: entered(ticket))

    assert sorted(answers, key=str) == [302, *[404] * (HANDS - 1)]
    assert visits_of(acme) == 1


def test_and_without_its_guard_it_opens_for_all(acme, ticket, everybody_looks_first, monkeypatch):
    """The negative control: looked first and written afterwards, the same ticket lets everybody in."""

    def redeem(self: ImpersonationQuerySet, ticket: str, tenant_id: int) -> Impersonation | None:
        if found := self.with_valid_ticket(ticket, tenant_id).first():
            found.ticket, found.entered_at = "", now()
            found.ends_at = found.entered_at + MAX_SESSION_DURATION
            found.save()
        return found

    monkeypatch.setattr(ImpersonationQuerySet, "redeem", redeem)

    assert at_once(lambda: entered(ticket)) == [302] * HANDS
    assert visits_of(acme) == HANDS


def test_an_operator_who_asks_many_times_at_once_has_one_ticket(operator, acme, controller):
    asked = EnterAsSupport(tenant_id=acme.id, user_id=controller.pk, reason="It does not add up.")

    answers = at_once(lambda: dispatch(asked, actor=User.objects.get(pk=operator.pk)))

    assert [type(each) for each in answers] == [Impersonation] * HANDS
    good = [each for each in answers if entered(each.new_ticket) == 302]
    assert len(good) == 1
    assert Impersonation.objects.open().count() == 1


def test_and_the_database_itself_says_so(operator, ticket):
    only = Impersonation.objects.get()
    only.pk, only.ticket = None, "another"

    with pytest.raises(IntegrityError, match="identity_one_impersonation"):
        only.save(force_insert=True)


def test_nor_lets_it_a_visit_grow(operator, ticket):
    """Whoever writes the row: half an hour is the end."""
    Impersonation.objects.update(ticket="", entered_at=now(), ends_at=now() + MAX_SESSION_DURATION / 2)

    with pytest.raises(IntegrityError, match="identity_impersonation_is_short"):
        Impersonation.objects.update(ends_at=now() + 2 * MAX_SESSION_DURATION)
