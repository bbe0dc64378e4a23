"""Settled messages are deleted with their attempts; pending ones are retained."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connections, transaction

from apps.kernel import clock
from apps.webhooks import purging, tasks
from apps.webhooks.models import Attempt, Message


@pytest.fixture
def messages(publish_to, settings, monkeypatch):
    """Two messages of each state with an attempt each, settled today. More than one batch."""
    monkeypatch.setattr(purging, "BATCH_SIZE", 3)
    settings.WEBHOOK_RETENTION = dt.timedelta(days=90)
    for number, state in enumerate(Message.State.values * 2, start=1):
        message = publish_to(number)
        Attempt.objects.create(message=message, at=clock.now(), status=200)
        Message.objects.filter(pk=message.pk).update(
            state=state, finished_at=None if state == Message.State.PENDING else clock.now()
        )


def left():
    return sorted(Message.objects.values_list("state", flat=True))


def test_settled_messages_are_deleted_with_their_attempts(messages, later):
    with later(days=91):
        tasks.purge.run()

    assert left() == ["pending", "pending"]
    assert sorted(Attempt.objects.values_list("message__state", flat=True)) == ["pending", "pending"]


def test_messages_within_the_retention_are_retained(messages, later):
    with later(days=89):
        tasks.purge.run()

    assert left() == ["dead", "dead", "delivered", "delivered", "pending", "pending"]


def test_the_retention_begins_at_the_end_of_a_message(messages, later):
    young = Message.objects.filter(state="delivered").latest("pk")
    Message.objects.filter(pk=young.pk).update(finished_at=clock.now() + dt.timedelta(days=80))

    with later(days=91):
        tasks.purge.run()

    assert left() == ["delivered", "pending", "pending"]
    assert Message.objects.get(state="delivered") == young


def test_a_locked_message_is_deleted_by_a_later_run(messages, later):
    locked = Message.objects.filter(state="dead").earliest("pk")
    other = connections["default"].copy()
    try:
        with other.cursor() as cursor:
            other.set_autocommit(False)
            cursor.execute("SELECT 1 FROM webhooks_message WHERE id = %s FOR UPDATE", [locked.pk])
            with later(days=91):
                tasks.purge.run()
            assert set(Message.objects.exclude(state="pending")) == {locked}
            other.rollback()
    finally:
        other.close()

    with later(days=91), transaction.atomic():
        tasks.purge.run()
    assert left() == ["pending", "pending"]
