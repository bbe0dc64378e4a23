"""Events and deliveries of each database, in the operator's console."""

from __future__ import annotations

import pytest
from django.db import connections

from apps.events.models import Delivery, OutboxEvent
from apps.kernel.clock import now

EVENTS, DELIVERIES = "/events/outboxevent/", "/events/delivery/"


@pytest.fixture
def dead(initech):
    """A dead letter in the east, and one at home that has its number."""
    made = {}
    for alias, name in (("default@east", "shelf.emptied"), ("default@home", "shelf.filled")):
        event = OutboxEvent.objects.using(alias.replace("default", "owner")).create(
            id=70_001, name=name, aggregate="shelf:1", payload={}, occurred_at=now()
        )
        made[alias] = Delivery.objects.using(alias).create(
            id=80_001, event_id=event.pk, subscriber="a.b", aggregate="shelf:1", status="dead"
        )
    return made["default@east"]


def names(response):
    return {row.name for row in response.context["cl"].result_list}


def test_with_one_database_the_choice_is_hidden(client_for, operator):
    client = client_for(operator, None)

    for page in (EVENTS, DELIVERIES):
        assert b"database=home" not in client.get(page).content


def test_a_page_shows_rows_of_one_database(client_for, operator, dead, initech):
    client = client_for(operator, None)
    at_home, in_east = client.get(EVENTS), client.get(EVENTS, {"database": "east"})

    assert (b"Database east" in at_home.content, b"Database home" in in_east.content) == (True, True)
    assert ("shelf.filled" in names(at_home), "shelf.emptied" in names(at_home)) == (True, False)
    assert ("shelf.filled" in names(in_east), "shelf.emptied" in names(in_east)) == (False, True)
    assert initech.id in {row.tenant_id for row in in_east.context["cl"].result_list}
    assert initech.id not in {row.tenant_id for row in at_home.context["cl"].result_list}
    assert b"shelf.emptied" in client.get(DELIVERIES, {"database": "east", "status__exact": "dead"}).content


def test_a_row_opened_from_a_list_is_of_the_database_of_that_list(client_for, operator, dead):
    client = client_for(operator, None)
    opened = client.get(
        f"{DELIVERIES}{dead.pk}/change/", {"_changelist_filters": "database=east"}
    ).content.decode()

    assert "shelf.emptied" in opened
    assert f"{EVENTS}{dead.event_id}/change/?database=east" in opened
    assert "shelf.emptied" in client.get(f"{EVENTS}{dead.event_id}/change/?database=east").content.decode()
    assert "shelf.filled" in client.get(f"{DELIVERIES}{dead.pk}/change/").content.decode()


def test_commands_on_a_row_apply_to_its_database(client_for, operator, dead):
    client = client_for(operator, None)
    at_home = client.get(f"{DELIVERIES}{dead.pk}/change/").content.decode()
    elsewhere = client.get(f"{DELIVERIES}{dead.pk}/change/?database=east").content.decode()

    assert f"/deliveries/home/{dead.pk}/replay/" in at_home
    assert 'subject_id=80001"' in at_home
    assert f"/deliveries/east/{dead.pk}/replay/" in elsewhere
    assert f"/deliveries/east/{dead.pk}/drop/" in elsewhere
    assert 'subject_id=80001%40east"' in elsewhere


def test_an_unknown_database_is_not_found(client_for, operator, east):
    client = client_for(operator, None)

    assert client.get(EVENTS, {"database": "west"}).status_code == 404


def test_the_dashboard_counts_deliveries_of_all_databases(client_for, operator, dead):
    client = client_for(operator, None)

    assert figure(client, "Dead letters") == ("2", "failed; each has its last error")
    assert figure(client, "Deliveries pending") == ("0", "all delivered")
    Delivery.objects.using("default@east").update(status="pending")
    count, note = figure(client, "Deliveries pending")
    assert (count, note.startswith("the oldest waits")) == ("1", True)


def figure(client, title):
    (shown,) = [part for part in client.get("/").context["figures"] if part["title"] == title]
    return shown["value"], shown["note"]


def test_an_unavailable_database_fails_only_on_its_own_page(client_for, operator, dead, monkeypatch):
    client = client_for(operator, None)
    client.raise_request_exception = False
    connections["default@east"].close()
    monkeypatch.setitem(connections["default@east"].settings_dict, "PORT", "1")

    assert client.get(DELIVERIES, {"database": "east"}).status_code == 503
    assert client.get(DELIVERIES).status_code == 200
    assert figure(client, "Dead letters") == ("1", "failed; each has its last error; east unavailable")
