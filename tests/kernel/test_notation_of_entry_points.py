"""The notation of numbers at the entry points without fields of their own: management commands and entered
JSON. The crawl of forms, bodies and filters is tests/api/test_spellings.py."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from apps.bus.errors import CommandMalformed
from apps.bus.plain import from_entered_json, from_json

LINES = [{"account": "1000", "currency": "USD", "amount": "12.50"}]
ENTRY = {"posted_on": "2026-01-31", "memo": "Rent", "lines": LINES}
ARGUMENTS = (
    (("jobs", "list", "--limit", "٣"), "--limit: '٣' is not a whole number"),
    (("jobs", "list", "--limit", "1_0"), "--limit: '1_0' is not a whole number"),
    (("jobs", "list", "--limit", "-5"), "--limit: '-5' is not a whole number"),
    (("jobs", "list", "--limit", "0"), "--limit: 0 is not a number from 1 to"),
    (("jobs", "cancel", "+1"), "ID: '+1' is not a whole number"),
    (("approvals", "show", "1.0"), "ID: '1.0' is not a whole number"),
    (("databases", "--capacity", "1e2"), "--capacity: '1e2' is not a whole number"),
    (
        ("audit", "move-to-cold-storage", "--before", "20260131"),
        "--before: '20260131' is not a date: write YYYY-MM-DD",
    ),
    (("audit", "move-to-cold-storage", "--before", "2026-W05-6"), "--before: '2026-W05-6' is not a date"),
    (("deliveries", "replay-events", "e", "s", "--since", "yesterday"), "--since: 'yesterday' is not a time"),
    (
        ("approvals", "request", "x", "--fields", "[0.1000000000000000055]", "--as", "a", "--reason", "r"),
        "--fields: this is not JSON: a number in it has more digits than a float",
    ),
)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    ARGUMENTS,
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_an_argument_in_another_notation_is_refused_by_its_name(arguments, sentence):
    with pytest.raises(CommandError) as caught:
        call_command(*arguments)

    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"posted_on": 86400}, "posted_on"),
        ({"posted_on": "2026-01-31T00:00:00"}, "posted_on"),
        ({"posted_on": "20260131"}, "posted_on"),
        ({"lines": [LINES[0], LINES[0] | {"amount": 12.5}]}, "lines.1.amount"),
        ({"lines": [LINES[0] | {"amount": "1e2"}]}, "lines.0.amount"),
        ({"lines": [LINES[0] | {"amount": "12,50"}]}, "lines.0.amount"),
        ({"lines": [LINES[0] | {"amount": "1_000"}]}, "lines.0.amount"),
    ],
)
def test_an_entered_field_of_a_command_in_another_notation_is_refused_by_its_path(changed, where):
    document = {"command": "ledger.post_entry", "fields": ENTRY | changed}

    with pytest.raises(CommandMalformed) as caught:
        from_entered_json(document)

    assert f"{where}: " in str(caught.value)


def test_an_entered_number_of_a_command_is_no_text():
    for value in ("1", "٣", 1.0, True):
        with pytest.raises(CommandMalformed, match="year"):
            from_entered_json({"command": "periods.add_fiscal_year", "fields": {"year": value}})


def test_entered_fields_in_the_notation_of_the_api_become_the_command():
    document = {"command": "ledger.post_entry", "fields": ENTRY}

    assert from_entered_json(document) == from_json(document)
