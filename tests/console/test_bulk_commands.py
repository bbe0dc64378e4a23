"""Bulk commands: a preview of each row that changes nothing, then one command for each row."""

from __future__ import annotations

import html
import re

import pytest

from apps.audit.models import Record
from apps.bus import dispatch
from apps.console.lists import bulk
from apps.ledger.commands import DiscardDraft, DraftEntry
from apps.ledger.models import Entry
from tests.support.books import FEB_9, JAN_9, YEAR, line, sale

ENTRIES = "/t/acme/ledger/entry/"


@pytest.fixture
def drafts(chart, accountant):
    """Written in another order than that of their days; the last one is not balanced."""
    days = (FEB_9, JAN_9)
    made = [
        dispatch(DraftEntry(posted_on=day, memo=f"Of {day}", lines=sale("7").lines), actor=accountant)
        for day in days
    ]
    one_sided = (line("1000", "5"), line("4000", "-4"))
    made.append(dispatch(DraftEntry(posted_on=JAN_9, memo="One-sided", lines=one_sided), actor=accountant))
    return made


def choose(client, rows, query="", **fields):
    fields = {
        "action": "post_drafts",
        "index": "0",
        "select_across": "0",
        "_selected_action": [row.pk for row in rows],
        **fields,
    }
    return client.post(ENTRIES + query, fields)


def outcomes(page):
    """Row and outcome, as text."""
    cells = re.findall(r'<tr><th scope="row"><a [^>]*>(.*?)</a></th><td>(.*?)</td></tr>', page, re.DOTALL)
    return [(row, html.unescape(" ".join(re.sub(r"<[^>]*>", "", outcome).split()))) for row, outcome in cells]


def hidden(page):
    """The hidden fields of the form of the preview."""
    fields = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page):
        if name != "csrfmiddlewaretoken":
            fields.setdefault(name, []).append(value)
    return fields


def test_the_preview_says_what_the_confirmation_does(drafts, client_for, accountant):
    """Drafts are posted by their days, so that their numbers follow them."""
    client = client_for(accountant)
    february, january, one_sided = drafts

    preview = choose(client, drafts).content.decode()
    assert not Entry.objects.posted().exists()
    done = client.post(ENTRIES, hidden(preview) | {"confirm": ""}).content.decode()

    expected = [f"Posted on {JAN_9} as GEN-{YEAR}-1.", f"Posted on {FEB_9} as GEN-{YEAR}-2."]
    for page in (preview, done):
        rows = outcomes(page)
        assert [row for row, _ in rows] == [f"draft {draft.pk}" for draft in (january, one_sided, february)]
        assert [rows[0][1], rows[2][1]] == expected
        assert "ledger.entry_unbalanced" in rows[1][1]
    assert "Of 3 rows, 2 will be done and 1 refused." in preview
    assert "Done for 2 of 3 rows, 1 refused." in done
    assert [*Entry.objects.posted().order_by("number").values_list("pk", flat=True)] == [
        january.pk,
        february.pk,
    ]


def test_a_repeated_confirmation_posts_nothing_again(drafts, client_for, accountant):
    client = client_for(accountant)
    fields = hidden(choose(client, drafts).content.decode()) | {"confirm": ""}

    first, again = (client.post(ENTRIES, fields).content.decode() for _ in range(2))

    assert [outcome for _, outcome in outcomes(again)] == [outcome for _, outcome in outcomes(first)]
    assert Entry.objects.posted().count() == 2
    assert Record.objects.filter(command="ledger.post_draft", outcome="done").count() == 2


def test_all_rows_of_the_filter_are_chosen_up_to_a_limit(drafts, client_for, accountant, monkeypatch):
    client = client_for(accountant)
    query = "?status__exact=draft&q=of"

    page = choose(client, drafts[:1], query, select_across="1").content.decode()
    assert hidden(page)["_selected_action"] == [str(drafts[1].pk), str(drafts[0].pk)]
    assert f'href="{ENTRIES}{html.escape(query)}"' in page

    monkeypatch.setattr(bulk, "MAX_ROWS", 1)
    refused = choose(client, drafts[:1], query, select_across="1")
    assert (refused.status_code, "console.too_many_chosen" in refused.content.decode()) == (400, True)


def test_a_user_without_the_permission_is_offered_no_bulk_command(drafts, client_for, auditor):
    client = client_for(auditor)

    assert "post_drafts" not in client.get(ENTRIES).content.decode()
    choose(client, drafts, confirm="")
    assert not Entry.objects.posted().exists()


@pytest.mark.parametrize("row", ["x", "9" * 40, "-1", "1,2"])
def test_a_text_that_is_the_number_of_no_row_is_refused(drafts, client_for, accountant, row):
    response = choose(client_for(accountant), [], _selected_action=[row], confirm="")

    assert response.status_code == 400
    assert "console.row_unknown" in response.content.decode()


def test_a_row_that_was_changed_since_the_preview_is_refused(drafts, client_for, accountant):
    client = client_for(accountant)
    fields = hidden(choose(client, drafts[:2]).content.decode()) | {"confirm": ""}
    Entry.objects.filter(pk=drafts[0].pk).update(memo="Another memo")

    done = client.post(ENTRIES, fields).content.decode()

    assert "Done for 1 of 2 rows, 1 refused." in done
    assert outcomes(done)[1][1].endswith("console.row_changed")
    assert [*Entry.objects.posted().values_list("pk", flat=True)] == [drafts[1].pk]


def test_a_row_that_was_deleted_since_the_preview_is_listed_as_gone(drafts, client_for, accountant):
    client = client_for(accountant)
    fields = hidden(choose(client, drafts[:2]).content.decode()) | {"confirm": ""}
    dispatch(DiscardDraft(entry_id=drafts[0].pk), actor=accountant)

    done = client.post(ENTRIES, fields).content.decode()

    assert "Done for 1 of 2 rows, 1 refused." in done
    assert outcomes(done)[1][1].endswith("console.row_gone")
