"""Exports as jobs, their results, and the entry points."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json

import pytest
from django.core.management import call_command
from django.test import Client

from apps.bus import dispatch
from apps.bus.errors import PermissionDenied
from apps.identity.models import User
from apps.jobs import results, running
from apps.jobs.commands import CancelJob
from apps.jobs.errors import ResultNotAvailable
from apps.jobs.models import Run
from apps.kernel import clock
from apps.kernel.errors import Refusal
from apps.kernel.files.store import files
from apps.kernel.tenant import activate
from apps.ledger.commands import ExportJournal
from apps.ledger.jobs import JournalExport
from apps.ledger.journal_file import read_journal
from apps.monitoring.commands import ExportAuditLog
from apps.notices.commands import SendAnnouncement
from tests.support.books import JAN_9, sale


@pytest.fixture
def exported(at_acme, chart, accountant, monkeypatch) -> Run:
    """The export of five entries in pages of two."""
    monkeypatch.setattr(JournalExport, "page_size", 2)
    for number in range(5):
        dispatch(sale(f"{number + 1}.00", posted_on=JAN_9 + dt.timedelta(days=number)), actor=accountant)
    run = dispatch(ExportJournal(), actor=accountant)
    dispatch(sale("99.00"), actor=accountant)
    running.run_slice(run.pk)
    return Run.objects.get(pk=run.pk)


def text_of(run: Run) -> str:
    with files().open(run.result) as content:
        return content.read().decode()


class TestJournal:
    def test_the_file_has_the_entries_posted_before_the_start_in_the_form_of_imports(self, exported):
        entries = read_journal(text_of(exported))

        amounts = [entry.lines[0].money.amount for entry in entries]
        assert [abs(amount) for amount in amounts] == [1, 2, 3, 4, 5]
        assert (exported.state, exported.result) == (Run.State.DONE, f"jobs/{exported.pk}/journal.csv")

    def test_days_limit_the_export(self, exported, accountant):
        run = dispatch(ExportJournal(since=JAN_9, until=JAN_9), actor=accountant)
        running.run_slice(run.pk)

        assert len(read_journal(text_of(Run.objects.get(pk=run.pk)))) == 2

    def test_only_the_result_remains_in_the_store(self, exported):
        assert files().listdir(exported.folder) == ([], ["journal.csv"])

    def test_an_export_that_is_cancelled_leaves_no_file(self, exported, accountant):
        run = dispatch(ExportJournal(), actor=accountant)
        claimed = running.claim(run.pk)
        running.do_step(claimed)
        before = files().listdir(run.folder)[1]
        dispatch(CancelJob(job_id=run.pk, reason="Not needed"), actor=accountant)

        assert (len(before), files().listdir(run.folder)[1]) == (1, [])

    def test_a_user_without_the_permission_exports_nothing(self, at_acme, user_without_role):
        with pytest.raises(PermissionDenied):
            dispatch(ExportJournal(), actor=user_without_role)


class TestAuditLog:
    def test_the_file_has_the_records_that_the_filters_match(self, at_acme, owner):
        for subject in ("First", "Second"):
            dispatch(
                SendAnnouncement(subject=subject, text="The books are closed.", to=("owner",)), actor=owner
            )
        run = dispatch(ExportAuditLog(filters={"command": "notices.send_announcement"}), actor=owner)
        running.run_slice(run.pk)

        rows = [*csv.DictReader(io.StringIO(text_of(Run.objects.get(pk=run.pk))))]
        assert [json.loads(row["request"])["subject"] for row in rows] == ["First", "Second"]

    def test_an_unknown_filter_is_refused(self, at_acme, owner):
        with pytest.raises(Refusal):
            dispatch(ExportAuditLog(filters={"password__regex": "a"}), actor=owner)


class TestDownload:
    def test_the_result_is_an_attachment(self, exported, client_for, auditor):
        response = client_for(auditor).get(f"/t/acme/jobs/{exported.pk}/download/", follow=True)

        assert b"".join(response.streaming_content).startswith(b"entry_no,date,payee")
        assert response["Content-Disposition"] == 'attachment; filename="journal.csv"'

    def test_other_tenants_and_users_without_the_permission_are_refused(
        self, exported, globex, client_for, user_without_role
    ):
        link = results.link(exported)
        with activate(globex):
            stranger = User.objects.get(email="owner@globex.example")
        foreign = client_for(stranger, globex)
        addresses = (
            (foreign, f"/t/globex/jobs/{exported.pk}/download/"),
            (foreign, link.replace("/t/acme/", "/t/globex/")),
            (client_for(user_without_role), f"/t/acme/jobs/{exported.pk}/download/"),
            (Client(), f"/t/acme/jobs/{exported.pk}/download/"),
        )

        statuses = [client.get(address).status_code for client, address in addresses]
        assert statuses == [404, 403, 403, 302]

    def test_a_link_and_a_result_expire(self, exported, client_for, auditor):
        link = results.link(exported)
        client = client_for(auditor)

        with clock.moved_to(clock.now() + dt.timedelta(minutes=6)):
            assert client.get(link).status_code == 403
        with clock.moved_to(clock.now() + dt.timedelta(days=8)):
            with pytest.raises(ResultNotAvailable):
                results.link(exported)
            assert results.purge() == 1

        assert files().listdir(exported.folder) == ([], [])


class TestEntryPoints:
    def test_the_api_starts_an_export_and_links_its_result(self, exported, api, accountant):
        started = api(accountant).post("ledger/journal-export/", {"since": "2026-01-01"})
        running.run_slice(started.json()["id"])
        done = api(accountant).get(f"jobs/{started.json()['id']}/").json()

        assert started.status_code == 202
        assert (done["state"], done["items_done"], done["items_total"]) == ("done", 3, 3)
        assert api(accountant).client.get(done["download"]).status_code == 200

    def test_the_console_shows_progress_that_refreshes_until_the_end(self, at_acme, client_for, accountant):
        client = client_for(accountant)
        page = client.post("/t/acme/ledger/export/", {}, follow=True)
        run = Run.objects.get()
        running.run_slice(run.pk)
        afterwards = client.get(f"/t/acme/jobs/run/{run.pk}/change/").content.decode()

        assert 'data-refresh="2"' in page.content.decode()
        assert "data-refresh" not in afterwards
        assert f"/t/acme/jobs/{run.pk}/download/" in afterwards

    def test_the_command_line_lists_runs_and_cancels(self, at_acme, accountant):
        runs = [dispatch(ExportJournal(), actor=accountant) for _ in range(2)]

        def line(*words):
            out = io.StringIO()
            with activate(None):
                call_command("jobs", *words, "--tenant", "acme", "--json", stdout=out)
            return json.loads(out.getvalue())

        listed = [row["state"] for row in line("list")["jobs"]]
        done = line("run", str(runs[0].pk))
        dry = line("cancel", str(runs[1].pk), "--reason", "Not needed", "--dry-run")
        cancelled = line("cancel", str(runs[1].pk), "--reason", "Not needed")
        shown = line("show", str(runs[1].pk))

        assert listed == ["waiting", "waiting"]
        assert (done["state"], dry["dry_run"], cancelled["state"]) == ("done", True, "cancelled")
        assert shown == cancelled
