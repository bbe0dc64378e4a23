"""The database formats hashed values as the chain does; the format of sealed records never changes."""

from __future__ import annotations

import pytest

from apps.audit import chain, rows
from apps.audit.models import ACTOR_FIELDS, Record, Segment
from apps.audit.sentences import stored
from apps.audit.verification import verify
from apps.kernel.clock import now

AWKWARD = "".join(map(chr, range(1, 32))) + "\x7f \"'\\/ \u00e9\u0085\u2028\ud7ff\ufffd\U0001f600 [],{}"


@pytest.fixture
def sealed(at_acme, seal_all):
    """The row of a record with these fields, as the chain reads it, and the record as the ORM does."""

    def sealing(**fields):
        fields = {"command": "companies.x", "outcome": "done", "request": {}} | fields
        record = Record.objects.using("owner").create(at=now(), **fields)
        seal_all()
        segment = Segment.objects.order_by("-number").get(retention=record.retention, highest_id=record.pk)
        (row,) = [row for row in rows.of_segment(segment) if row.id == record.pk]
        return row, Record.objects.get(pk=record.pk)

    return sealing


@pytest.mark.parametrize("actor_id", [None, 0, -1, 2**63 - 1])
@pytest.mark.parametrize("text", ["", "plain", AWKWARD])
def test_the_database_writes_facts_and_names_in_the_format_of_the_chain(sealed, text, actor_id):
    row, record = sealed(
        actor_id=actor_id,
        actor_name=text,
        impersonator_name=text,
        sentence=text * 50,
        arguments=stored({"actor": text}),
        reason=text,
        subject_type=text,
        subject_id=text[:40],
        correlation_id=text,
        causation_id=text,
    )

    facts = [
        record.pk,
        f"{record.at:%Y-%m-%dT%H:%M:%S.%fZ}",
        *(getattr(record, name) for name in ("command", "outcome", "actor_id", "subject_type", "subject_id")),
        *(getattr(record, name) for name in ("correlation_id", "causation_id", "retention")),
        bytes(record.actor_commitment).hex(),
        bytes(record.content_commitment).hex(),
        record.database_user,
        record.backend_pid,
    ]
    assert row.facts == chain.canonical_row((chain.VERSION, *facts))
    assert row.actor == chain.canonical_row([getattr(record, name) for name in ACTOR_FIELDS])
    assert rows.facts_of(row) == facts
    assert chain.digest(facts) == rows.digest_of(row)
    assert verify().intact


def test_the_commitment_of_a_request_is_independent_of_the_databases_format(sealed):
    request = {"b": [1, 2.50, 1e-7, 10**30, True, None], "aa": {AWKWARD: AWKWARD}, "": {}}

    row, _ = sealed(request=request, changes=[{"after": 1.0}])

    assert not rows.broken_commitments(row)
    assert verify().intact
