"""Counts are handed to consumers once, also after a failure."""

import pytest

from apps.flags import queries as flags
from apps.flags.store import counts, served
from tests.support.served_flags import KEY, document, serve

pytestmark = pytest.mark.django_db


def test_a_consumer_that_failed_receives_its_counts_again(monkeypatch):
    received, fails = [], [True]

    def consume(counted):
        if fails[0]:
            raise ConnectionError
        received.append(counted[KEY, "on", "DEFAULT"])

    served.SERVED.forget()
    serve(document())
    flags.rule_set()
    counts.export()
    monkeypatch.setattr(counts, "CONSUMERS", [consume])
    flags.is_on(KEY)
    counts.export()
    fails[0] = False
    flags.is_on(KEY)
    counts.export()
    counts.export()

    assert received == [2]
