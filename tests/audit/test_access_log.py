"""Search, history and export of the audit log, and the records of read access."""

from __future__ import annotations

import csv
import io
import json

import pytest

from apps.audit import queries
from apps.audit.export import COLUMNS
from apps.audit.models import Record
from apps.bus import dispatch
from apps.companies.models import Company
from apps.kernel.correlation import correlated
from apps.settings.commands import ChangeSetting

API = "/t/acme/api/v1/audit"


@pytest.fixture
def reader(client_for, auditor):
    return client_for(auditor)


def readings():
    return [*Record.objects.readings().order_by("id").values_list("sentence", flat=True)]


def test_reading_the_audit_log_leaves_one_record(at_acme, reader, found_company):
    found_company("ONE")

    reader.get(f"{API}/records/?outcome=done&text=One")

    assert readings() == ["Auditor looked at the audit log: outcome done, text One."]


def test_listing_readings_adds_one_reading(at_acme, reader):
    reader.get(f"{API}/records/")
    shown = reader.get(f"{API}/records/?readings=only").json()["results"]

    assert [record["command"] for record in shown] == ["audit.read_audit_log"]
    assert len(readings()) == 2


def test_readings_are_left_out_by_default(at_acme, reader):
    reader.get(f"{API}/records/")

    commands = {record["command"] for record in reader.get(f"{API}/records/").json()["results"]}
    assert "audit.read_audit_log" not in commands
    assert all(record.command != "audit.read_audit_log" for record in queries.latest(50))


def test_a_user_without_permission_reads_nothing_and_leaves_no_record(at_acme, client_for, user_without_role):
    for path in ("records/", "export/", "history/companies.company/1/", "people/1/history/", "seal/"):
        assert client_for(user_without_role).get(f"{API}/{path}").status_code == 403

    assert readings() == []


@pytest.mark.parametrize(
    ("parameters", "count"),
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
def test_filters_select_records(at_acme, reader, found_company, parameters, count):
    with correlated("request-9"):
        found_company("ONE")
    found_company("TWO")

    assert len(reader.get(f"{API}/records/?{parameters}").json()["results"]) == count


def test_the_history_of_an_object_lists_commands_about_it(at_acme, reader, found_company):
    found_company("ONE")
    company = Company.objects.get(code="ONE")

    history = reader.get(f"{API}/history/companies.company/{company.pk}/").json()["results"]

    assert [record["sentence"] for record in history] == ["owner@acme.example founded the company One."]


def test_the_history_of_an_object_lists_commands_that_changed_it_indirectly(at_acme, owner):
    dispatch(ChangeSetting(key="periods.reason_length", value=12), actor=owner)
    dispatch(ChangeSetting(key="periods.reason_length", value=15), actor=owner)
    changed = Record.objects.latest("id")
    subject_type, _, number = changed.changes[0]["object"].partition(":")

    assert changed in queries.history_of_object(subject_type, number)
    assert [*queries.described_changes(changed)] == ["Value: 12 became 15"]


def test_the_history_of_a_person_lists_their_commands(at_acme, reader, owner, found_company):
    found_company("ONE")

    history = reader.get(f"{API}/people/{owner.pk}/history/").json()["results"]

    assert history[0]["sentence"] == "owner@acme.example founded the company One."
    assert {record["actor_id"] for record in history} == {owner.pk}


def test_the_audit_log_is_exported_as_csv(at_acme, reader, found_company):
    found_company("ONE")

    response = reader.get(f"{API}/export/?command=companies.found_company")

    rows = [*csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode()))]
    assert [*rows[0]] == [*COLUMNS]
    assert rows[-1]["sentence"] == "owner@acme.example founded the company One."
    assert readings() == ["Auditor exported the audit log as csv: command companies.found_company."]


def test_the_audit_log_is_exported_as_json_lines(at_acme, reader, found_company):
    found_company("ONE")

    response = reader.get(f"{API}/export/?form=jsonl&text=One")

    (row,) = [json.loads(line) for line in b"".join(response.streaming_content).splitlines()]
    assert row["request"]["code"] == "ONE"


@pytest.mark.parametrize("parameters", ["form=xlsx", "since=yesterday", "colour=red"])
def test_an_export_with_invalid_parameters_is_refused(at_acme, reader, parameters):
    assert reader.get(f"{API}/export/?{parameters}").status_code == 400


def test_the_seal_reports_unsealed_records_and_the_head(at_acme, reader, seal_all):
    before = reader.get(f"{API}/seal/").json()
    seal_all()
    after = reader.get(f"{API}/seal/").json()

    assert (before["segment"], before["waiting"] > 0, before["intact"]) == (0, True, None)
    assert (after["segment"] > 0, after["waiting"], len(after["hash"])) == (True, 0, 64)
