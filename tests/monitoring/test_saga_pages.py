"""Page of a workflow: its progress, and the commands of an operator, each with a reason."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.kernel.clock import moved_to, now
from apps.kernel.errors import Conflict, Refusal
from apps.sagas.models import Run
from tests.support.settling import settle

WHY = "Head office said so."


class NoSafe(Conflict, Refusal):
    message = "There is no safe."


@pytest.fixture
def stuck(set_out, office):
    office.breaks["safe"] = NoSafe()
    run = set_out()
    with moved_to(now() + dt.timedelta(minutes=5)):
        settle()
    return Run.objects.get(pk=run.pk)


def at(run, page="change"):
    return f"/t/acme/sagas/run/{run.pk}/change/" if page == "change" else f"/t/acme/sagas/{run.pk}/{page}/"


def test_the_page_shows_progress_with_the_log(stuck, owner, client_for):
    listed = client_for(owner).get("/t/acme/sagas/run/").content.decode()
    page = client_for(owner).get(at(stuck)).content.decode()

    assert "Opening a branch" in listed
    assert "Needs attention" in listed
    for text in (
        "agreement",
        "There is no safe.",
        at(stuck, "retry"),
        at(stuck, "skip"),
        at(stuck, "roll-back"),
    ):
        assert text in page, text


@pytest.mark.parametrize(
    ("page", "ends"), [("retry", "done"), ("skip", "done"), ("roll-back", "needs_attention")]
)
def test_an_operator_decides_about_a_stuck_run(stuck, office, owner, client_for, page, ends):
    office.breaks.clear()
    client = client_for(owner)
    before = client.get(at(stuck, page)).content.decode()
    assert "There is no safe." in before

    response = client.post(at(stuck, page), {"reason": WHY})

    assert response.status_code == 302, response.content[:500]
    settle()
    run = Run.objects.get(pk=stuck.pk)
    assert run.state == ends  # after the pivot there is a step without a compensation
    entry = run.log_entries.filter(detail=WHY).get()
    assert entry.actor_name == str(owner)
    assert WHY in client.get(at(stuck)).content.decode()


@pytest.mark.parametrize("page", ["retry", "skip", "roll-back"])
def test_commands_require_a_reason_with_the_permission(stuck, owner, accountant, client_for, page):
    assert client_for(owner).post(at(stuck, page), {"reason": ""}).status_code == 200
    assert client_for(accountant).post(at(stuck, page), {"reason": WHY}).status_code == 403

    assert Run.objects.get(pk=stuck.pk).version == stuck.version


def test_an_ended_run_offers_no_commands(set_out, owner, client_for):
    run = set_out()

    assert at(run, "retry") not in client_for(owner).get(at(run)).content.decode()
    response = client_for(owner).post(at(run, "retry"), {"reason": WHY})
    assert response.status_code == 409
    assert "sagas.saga_has_ended" in response.content.decode()
