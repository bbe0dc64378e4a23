"""What other systems were told is forgotten in time, with its attempts; nothing that is still due is."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connections, transaction

from apps.kernel import clock
from apps.webhooks import purging, tasks
from apps.webhooks.models import Attempt, Message


@pytest.fixture
def messages(publish_to, settings, monkeypatch):
    """Two messages of each state with an attempt each, settled today. More of them than go at once."""
    monkeypatch.setattr(purging, "AT_ONCE", 3)
    settings.WEBHOOK_RETENTION = dt.timedelta(days=90)
    for number, state in enumerate(Message.State.values * 2, start=1):
        message = publish_to(number)
        Attempt.objects.create(message=message, at=clock.now(), status=200)
        Message.objects.filter(pk=message.pk).update(
            state=state, done_at=None if state == Message.State.PENDING else clock.now()
        )


def left():
    return sorted(Message.objects.values_list("state", flat=True))


def test_what_is_settled_goes_with_its_attempts_and_what_is_pending_stays(messages, later):
    with later(days=91):
        tasks.purge.run()

    assert left() == ["pending", "pending"]
    assert sorted(Attempt.objects.values_list("message__state", flat=True)) == ["pending", "pending"]


def test_inside_the_time_all_of_them_stay(messages, later):
    with later(days=89):
        tasks.purge.run()

    assert left() == ["dead", "dead", "delivered", "delivered", "pending", "pending"]


def test_its_age_is_counted_from_when_it_was_settled(messages, later):
    young = Message.objects.filter(state="delivered").latest("pk")
    Message.objects.filter(pk=young.pk).update(done_at=clock.now() + dt.timedelta(days=80))

    with later(days=91):
        tasks.purge.run()

    assert left() == ["delivered", "pending", "pending"]
    assert Message.objects.get(state="delivered") == young


def test_one_that_somebody_holds_is_left_for_the_next_time(messages, later):
    held = Message.objects.filter(state="dead").earliest("pk")
    other = connections["default"].copy()
    try:
        with other.cursor() as cursor:
            other.set_autocommit(False)
            cursor.execute("SELECT 1 FROM webhooks_message WHERE id = %s FOR UPDATE", [held.pk])
            with later(days=91):
                tasks.purge.run()
            assert set(Message.objects.exclude(state="pending")) == {held}
            other.rollback()
    finally:
        other.close()

    with later(days=91), transaction.atomic():
        tasks.purge.run()
    assert left() == ["pending", "pending"]
