"""Hints in the broker: the queue, the limits and the context of a message."""

from __future__ import annotations

import json

import pytest
from django.db import transaction

from apps.kernel.cache.redis_client import client
from apps.kernel.correlation import correlated
from apps.kernel.queues import hints
from apps.kernel.queues.hints import Hint, HintedTask
from apps.kernel.queues.policies import POLICIES

WORK = HintedTask("tests.work", queue="low")


def messages(queue: str) -> list[dict]:
    """Oldest first: workers take from the right end."""
    return [json.loads(message) for message in client().lrange(queue, 0, -1)][::-1]


@pytest.mark.parametrize("queue", POLICIES)
def test_a_hint_has_the_limits_of_its_queue(queue):
    before = len(messages(queue))

    assert hints.send([Hint("tests.work", queue, 7, None, {})])

    (message,) = messages(queue)[before:]
    policy = POLICIES[queue]
    assert message["headers"]["timelimit"] == [policy.time_limit, policy.soft_time_limit]
    assert (message["headers"]["task"], message["headers"]["argsrepr"]) == ("tests.work", "(7,)")


def test_a_hint_carries_tenant_and_correlation(at_acme):
    before = len(messages("low"))

    with correlated("request-7"):
        WORK.hint(1, 2)

    sent = [message["headers"] for message in messages("low")[before:]]
    assert [headers["tenant"] for headers in sent] == [at_acme.id] * 2
    assert [headers["correlation_id"] for headers in sent] == ["request-7"] * 2


def test_a_hint_of_a_rolled_back_transaction_is_not_sent(at_acme):
    before = len(messages("low"))

    with transaction.atomic():
        WORK.hint_after_commit(1)
        transaction.set_rollback(True)

    assert len(messages("low")) == before
