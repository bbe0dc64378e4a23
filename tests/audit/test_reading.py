"""The audit log is searched, told as a timeline and taken away; and whoever looks is seen."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.audit import queries
from apps.audit.export import COLUMNS, harmless
from apps.audit.models import Record
from apps.bus import dispatch
from apps.companies.models import Company
from apps.kernel.correlation import correlated
from apps.settings.commands import ChangeSetting

API = "/t/acme/api/v1/audit"


@pytest.fixture
def reader(client_for, auditor):
    return client_for(auditor)


def looks():
    return [*Record.objects.readings().order_by("id").values_list("sentence", flat=True)]


def test_one_look_leaves_one_trace(at_acme, reader, found):
    found("ONE")

    reader.get(f"{API}/records/?outcome=done&text=One")

    assert looks() == ["Auditor looked at the audit log: outcome done, text One."]


def test_a_look_at_the_looks_is_one_more_and_no_other(at_acme, reader):
    reader.get(f"{API}/records/")
    shown = reader.get(f"{API}/records/?readings=only").json()["results"]

    assert [each["command"] for each in shown] == ["audit.read_audit_log"]
    assert len(looks()) == 2


def test_looks_are_not_among_the_doings(at_acme, reader):
    reader.get(f"{API}/records/")

    commands = {each["command"] for each in reader.get(f"{API}/records/").json()["results"]}
    assert "audit.read_audit_log" not in commands
    assert all(each.command != "audit.read_audit_log" for each in queries.latest(50))


def test_whoever_may_not_look_leaves_no_trace(at_acme, client_for, user_without_role):
    for path in ("records/", "export/", "timeline/companies.company/1/", "people/1/timeline/", "seal/"):
        assert client_for(user_without_role).get(f"{API}/{path}").status_code == 403

    assert looks() == []


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ("text=founded the company One", 1),
        ("text=no-such-words", 0),
        ("text=request-9", 1),
        ("correlation_id=request-9", 1),
        ("actor=owner@acme&command=companies.found_company", 2),
        ("since=2999-01-01T00:00:00Z", 0),
        ("retention=financial&actor=owner@acme&outcome=done", 2),
    ],
)
def test_the_audit_log_is_searched(at_acme, reader, found, asked, count):
    with correlated("request-9"):
        found("ONE")
    found("TWO")

    assert len(reader.get(f"{API}/records/?{asked}").json()["results"]) == count


def test_a_things_timeline_tells_what_was_done_to_it(at_acme, reader, found):
    found("ONE")
    company = Company.objects.get(code="ONE")

    told = reader.get(f"{API}/timeline/companies.company/{company.pk}/").json()["results"]

    assert [each["sentence"] for each in told] == ["owner@acme.example founded the company One."]


def test_a_timeline_knows_what_changed_a_thing_on_the_way(at_acme, owner):
    dispatch(ChangeSetting(key="periods.reason_length", value=12), actor=owner)
    dispatch(ChangeSetting(key="periods.reason_length", value=15), actor=owner)
    changed = Record.objects.latest("id")
    thing, _, number = changed.changes[0]["object"].partition(":")

    assert changed in queries.timeline_of(thing, number)
    assert [*queries.described_changes(changed)] == ["Value: 12 became 15"]


def test_a_persons_timeline_tells_what_he_did(at_acme, reader, owner, found):
    found("ONE")

    told = reader.get(f"{API}/people/{owner.pk}/timeline/").json()["results"]

    assert told[0]["sentence"] == "owner@acme.example founded the company One."
    assert {each["actor_id"] for each in told} == {owner.pk}


def test_the_audit_log_is_taken_away_as_csv(at_acme, reader, found):
    found("ONE")

    response = reader.get(f"{API}/export/?command=companies.found_company")

    rows = [*csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode()))]
    assert [*rows[0]] == [*COLUMNS]
    assert rows[-1]["sentence"] == "owner@acme.example founded the company One."
    assert looks() == ["Auditor exported the audit log as csv: command companies.found_company."]


def test_the_audit_log_is_taken_away_as_json_lines(at_acme, reader, found):
    found("ONE")

    response = reader.get(f"{API}/export/?form=jsonl&text=One")

    (row,) = [json.loads(line) for line in b"".join(response.streaming_content).splitlines()]
    assert row["request"]["code"] == "ONE"


@pytest.mark.parametrize("asked", ["form=xlsx", "since=yesterday", "colour=red"])
def test_an_odd_export_is_refused(at_acme, reader, asked):
    assert reader.get(f"{API}/export/?{asked}").status_code == 400


SIGNS = "=+-@|%＝＋－＠"
BLANKS = st.text(st.sampled_from([" ", "\t", "\r", "\n", "\u00a0", "\u200b"]), max_size=3)


@given(BLANKS, st.sampled_from(SIGNS), st.text(min_size=1).filter(lambda text: not text[0].isdigit()))
def test_no_text_becomes_a_formula(blanks, sign, text):
    assert harmless(blanks + sign + text).startswith("'")


@pytest.mark.parametrize("text", ["-12.50", "+3", "1,000", "plain", "", "a=b"])
def test_numbers_and_words_stay_as_they_are(text):
    assert harmless(text) == text


@pytest.mark.parametrize("text", ["\tplain", "\rplain", " =1", "\t=1", "＝1", "-1+1", "+cmd", "@SUM(A1)"])
def test_what_a_spreadsheet_would_run_is_quoted(text):
    assert harmless(text) == f"'{text}"


def test_the_seal_is_shown(at_acme, reader, seal_all):
    before = reader.get(f"{API}/seal/").json()
    seal_all()
    after = reader.get(f"{API}/seal/").json()

    assert (before["segment"], before["waiting"] > 0, before["intact"]) == (0, True, None)
    assert (after["segment"] > 0, after["waiting"], len(after["hash"])) == (True, 0, 64)
