"""A journey's page: how far it is, and what a person can do about one that is stuck, each with a reason."""

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


def test_it_says_where_it_stands_and_what_happened(stuck, owner, client_for):
    listed = client_for(owner).get("/t/acme/sagas/run/").content.decode()
    page = client_for(owner).get(at(stuck)).content.decode()

    assert "Opening a branch" in listed
    assert "Needs attention" in listed
    for said in (
        "agreement",
        "There is no safe.",
        at(stuck, "retry"),
        at(stuck, "skip"),
        at(stuck, "roll-back"),
    ):
        assert said in page, said


@pytest.mark.parametrize(
    ("page", "ends"), [("retry", "done"), ("skip", "done"), ("roll-back", "needs_attention")]
)
def test_a_person_does_something_about_it(stuck, office, owner, client_for, page, ends):
    office.breaks.clear()
    client = client_for(owner)
    before = client.get(at(stuck, page)).content.decode()
    assert "There is no safe." in before

    response = client.post(at(stuck, page), {"reason": WHY})

    assert response.status_code == 302, response.content[:500]
    settle()
    run = Run.objects.get(pk=stuck.pk)
    assert run.state == ends  # beyond the pivot there is a step without a way back
    told = run.log_entries.filter(detail=WHY).get()
    assert told.actor_name == str(owner)
    assert WHY in client.get(at(stuck)).content.decode()


@pytest.mark.parametrize("page", ["retry", "skip", "roll-back"])
def test_it_needs_a_reason_and_the_permission(stuck, owner, accountant, client_for, page):
    assert client_for(owner).post(at(stuck, page), {"reason": ""}).status_code == 200
    assert client_for(accountant).post(at(stuck, page), {"reason": WHY}).status_code == 403

    assert Run.objects.get(pk=stuck.pk).version == stuck.version


def test_what_has_ended_offers_nothing_and_refuses(set_out, owner, client_for):
    run = set_out()

    assert at(run, "retry") not in client_for(owner).get(at(run)).content.decode()
    response = client_for(owner).post(at(run, "retry"), {"reason": WHY})
    assert response.status_code == 409
    assert "sagas.saga_has_ended" in response.content.decode()
