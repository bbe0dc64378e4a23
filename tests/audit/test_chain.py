"""The hashes of the seal."""

from __future__ import annotations

import hmac
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.audit import chain
from apps.audit.erasures import as_ranges, ids_in

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
FLAT = st.lists(st.one_of(st.none(), st.integers(), TEXT))
NUMBERS = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXT),
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
)
KEYS = {"k": b"k" * 32}
OTHER = {
    "retention": "x",
    "first_id": 99,
    "last_id": 99,
    "records": 99,
    "number": 99,
    "sealed_at": "2027",
} | dict.fromkeys(("records_hash", "previous_hash", "hash"), "ff" * 32)


@given(FLAT)
def test_a_flat_row_is_written_like_any_json(values):
    assert chain.canonical_row(values) == chain.canonical(values)


@pytest.mark.slow("draws many records")
@given(JSON)
def test_a_value_that_is_read_back_is_written_the_same(value):
    once = chain.canonical(chain.as_stored(value))

    assert chain.canonical(chain.read(once.decode())) == once


@given(st.dictionaries(TEXT, st.integers()))
def test_the_order_of_keys_does_not_matter(value):
    reordered = dict(reversed(value.items()))

    assert chain.canonical(reordered) == chain.canonical(value)


@pytest.mark.parametrize(
    ("written", "canonical"), [("1e2", "100"), ("100.0", "100"), ("1.5e300", str(15 * 10**299))]
)
def test_a_number_has_one_canonical_form(written, canonical):
    assert chain.canonical(chain.read(written)) == canonical.encode()
    assert chain.canonical(chain.as_stored(json.loads(written))) == canonical.encode()


@given(st.binary(max_size=chain.BLOCK), st.binary())
def test_a_commitment_is_the_hmac_of_the_standard_library(salt, text):
    assert chain.commitment(salt, text) == hmac.digest(salt, text, "sha256")


@given(FLAT, FLAT)
def test_other_facts_have_another_digest(one, other):
    assert (chain.digest(one) == chain.digest(other)) == (one == other)


def links(count):
    before, chained = chain.NOTHING_BEFORE, []
    for number in range(1, count + 1):
        link = chain.Link(number, "default", number, number, 1, "ab" * 32, before, "k", "2026-01-01")
        chained.append(chain.sealed(link, KEYS["k"]))
        before = chained[-1].hash
    return chained


@given(st.integers(0, 12))
def test_an_unchanged_chain_has_no_faults(count):
    assert [*chain.faults_of_links(links(count), KEYS)] == []


@given(st.integers(2, 12), st.data())
def test_a_change_of_any_field_of_any_link_is_detected(count, data):
    chained = links(count)
    at = data.draw(st.integers(0, count - 1))
    field = data.draw(st.sampled_from(sorted(OTHER)))
    chained[at] = replace(chained[at], **{field: OTHER[field]})

    assert [*chain.faults_of_links(chained, KEYS)] != []


@given(st.permutations(range(5)))
def test_links_in_another_order_are_detected(order):
    chained = links(5)

    assert ([*chain.faults_of_links([chained[n] for n in order], KEYS)] == []) == (order == [0, 1, 2, 3, 4])


@given(st.integers(1, 10), st.integers(1, 10))
def test_a_chain_shorter_than_its_anchor_is_cut(length, anchored):
    full = links(10)
    known = {link.number: link.hash for link in full[:length]}

    faults = [*chain.faults_of_heads(known, [(anchored, full[anchored - 1].hash)])]

    assert [fault.kind for fault in faults] == (["cut tail"] if anchored > length else [])


@given(st.sets(st.integers(1, 500)))
def test_ids_round_trip_through_ranges(ids):
    assert sorted(ids_in(as_ranges(ids))) == sorted(ids)
