"""Delays between attempts, and claims of due work."""

from __future__ import annotations

import datetime as dt
import threading
from itertools import repeat

import pytest
from django.db import connections, transaction
from django.db.models import QuerySet

from apps.kernel import clock
from apps.kernel.clock import now
from apps.kernel.db import retries
from apps.kernel.db.retries import Backoff, claim
from apps.kernel.tenant import activate
from apps.webhooks.models import Received, Source
from tests.support.threads import together

SECOND = dt.timedelta(seconds=1)
LEASE = dt.timedelta(minutes=1)


def test_the_last_delay_repeats():
    backoff = Backoff((SECOND, 5 * SECOND), jitter=0)

    assert [backoff.delay(attempts) for attempts in (0, 1, 2, 3)] == [SECOND, SECOND, 5 * SECOND, 5 * SECOND]


def test_an_exponential_delay_doubles_up_to_the_maximum():
    backoff = Backoff.exponential(first=SECOND, max_delay=6 * SECOND, retries=4, jitter=0)

    assert backoff.delays == (SECOND, 2 * SECOND, 4 * SECOND, 6 * SECOND)


def test_jitter_lengthens_a_delay_by_at_most_its_share():
    delays = [Backoff((10 * SECOND,), jitter=0.5).delay(1) for _ in range(200)]

    assert 10 * SECOND <= min(delays) < max(delays) <= 15 * SECOND


def test_no_attempt_is_scheduled_after_the_last():
    backoff = Backoff((SECOND, SECOND))

    assert backoff.max_attempts == 3
    assert backoff.next_at(2) > now()
    assert backoff.next_at(3) is None


def test_an_attempt_is_counted_with_the_time_of_the_next(received):
    first, second = received(now()), received(now())
    second.attempts = 1

    for row in (first, second):
        row.count_attempt(Backoff((10 * SECOND,), jitter=0), lease=LEASE)

    assert first.attempts == 1
    assert not first.is_exhausted(Backoff((SECOND,)))
    assert first.next_at - now() <= 10 * SECOND
    assert second.is_exhausted(Backoff((SECOND,)))
    assert second.next_at - now() > 50 * SECOND  # after the last attempt, the end of the lease


@pytest.fixture
def received(at_acme):
    source = Source.objects.create(name="shop", scheme="standard", created_at=now())

    def create(next_at):
        number = Received.objects.count()
        return Received.objects.create(
            source=source, ref=f"r{number}", headers={}, body=b"{}", received_at=now(), next_at=next_at
        )

    return create


def test_the_row_that_is_due_first_is_claimed(received):
    later, first, future = (received(now() + delay) for delay in (-SECOND, -3 * SECOND, 60 * SECOND))

    with transaction.atomic():
        assert claim(Received.objects.due()) == first
    with clock.moved_to(now() + dt.timedelta(minutes=2)), transaction.atomic():
        assert claim(Received.objects.due().exclude(pk__in=[first.pk, later.pk])) == future


def test_concurrent_workers_claim_different_rows(acme, received):
    for _ in range(4):
        received(now())
    all_hold = threading.Barrier(4)

    def work():
        with transaction.atomic():
            row = claim(Received.objects.due())
            all_hold.wait(10)
            return row.pk

    assert len(set(together(4, work, acme))) == 4


def test_control_without_the_lock_concurrent_workers_claim_the_same_row(acme, received, monkeypatch):
    """Shows that the test above does not pass by chance."""
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **options: rows)
    for _ in range(4):
        received(now())

    claimed = together(4, lambda: claim(Received.objects.due()).pk, acme)

    assert len(set(claimed)) == 1


def test_a_claim_that_waits_gets_the_row_after_the_other_transaction(acme, received):
    row = received(now())
    is_held, claimed = threading.Event(), []

    def work():
        try:
            with activate(acme), transaction.atomic():
                is_held.set()
                claimed.append(claim(Received.objects.filter(pk=row.pk), waits=True).last_error)
        finally:
            connections.close_all()

    waiting = threading.Thread(target=work)
    with transaction.atomic():
        held = claim(Received.objects.filter(pk=row.pk))
        waiting.start()
        assert is_held.wait(10)
        held.last_error = "changed meanwhile"
        held.save(update_fields=["last_error"])
    waiting.join(10)

    assert claimed == ["changed meanwhile"]


@pytest.mark.parametrize(("outcomes", "is_over"), [([True, True, False], False), (repeat(True), True)])
def test_a_step_is_repeated_until_it_finds_nothing_or_the_time_is_over(outcomes, is_over):
    steps = iter(outcomes)

    assert retries.repeat(lambda: next(steps), timeout_s=0.05) is is_over
