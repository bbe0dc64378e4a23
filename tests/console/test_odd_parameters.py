"""Odd parameters of pages and lists are refused or ignored; none causes a server error."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import count
from typing import Any
from urllib.parse import quote

import pytest

from apps.console.list_filters import declared
from tests.support.console_pages import LISTS, PREFIXES, guarded_with, path_of

HUGE = "9" * 40
OF_EVERY_LIST = (
    "p",
    "o",
    "e",
    "q",
    "all",
    "_popup",
    "_facets",
    "_to_field",
    "_changelist_filters",
    "pk",
    "id__regex",
)
ODD_VALUES = (
    *("", "x", "'", "-1", "0", "1.5", "1e400", "NaN", "٣", "²", "true", "(", "[a-", "\\", "%", "%s", "{0}"),
    *(
        HUGE,
        f"-{HUGE}",
        "9" * 5000,
        str(2**31),
        str(2**63),
        "ß" * 3000,
        "a,b,,c",
        "-1.-2.x",
        "1.99.-0",
        "🎁",
        "\u202e",
    ),
    *(
        "0001-01-01",
        "9999-12-31",
        "2026-02-30",
        "10000-01-01",
        "0001-01-01 00:00:00+16:00",
        "9999-12-31T23:59:59-14:00",
    ),
    *("2026-05-28T02:00:26-20:10", "13", "99", "database=x", "database=%00", "__proto__"),
)
OF_PAGES = (
    *(
        "id",
        "window",
        "list",
        "request",
        "by",
        "format",
        "database",
        "s",
        "extended",
        "page",
        "since",
        "until",
        "next",
    ),
    *(
        "currency",
        "from",
        "to",
        "year",
        "period",
        "company",
        "app_label",
        "model_name",
        "field_name",
        "term",
        "q",
        "text",
    ),
)
ODD_IDS = (HUGE, str(2**63), "-1", "x", "ß" * 300, "..%2F", "%25")
"""In an address, percent-encoded where it is not a character of a path."""


def some(values: Sequence[str], start: int, number_of: int) -> list[str]:
    """Some of the values, others for each start."""
    return [values[(start * number_of + number) % len(values)] for number in range(number_of)]


@pytest.fixture
def clients(client_for, owner, operator):
    """A browser at each console, which receives errors of the server as a response."""
    made = {"tenant": client_for(owner), "operator": client_for(operator, None)}
    for client in made.values():
        client.raise_request_exception = False
    return made


def parameters_of(admin: Any) -> Iterator[str]:
    """Those of filters and of the date hierarchy, those of links, and those that every list of Django understands."""
    yield from sorted(declared(admin.model, admin.list_filter, admin.date_hierarchy))
    yield from admin.lookups
    yield from OF_EVERY_LIST


@pytest.mark.filterwarnings("ignore:DateTimeField")  # of a time without its zone
@pytest.mark.slow("opens lists")
@pytest.mark.exhaustive("every list × parameter × two odd values", inside=True)
def test_no_list_fails_for_an_odd_parameter(clients, sample):
    starts = count()
    points = [
        (plane, path_of(plane, admin), name, value)
        for plane, admin in LISTS
        for name in parameters_of(admin)
        for value in some(ODD_VALUES, next(starts), 2)
    ]

    statuses = {
        point: clients[point[0]].get(point[1], {point[2]: point[3]}).status_code
        for point in sample.of(points, 1, by=lambda point: point[:2])
    }

    assert len(points) > 800
    assert {
        point: status for point, status in statuses.items() if status not in refused_or_shown(point[2])
    } == {}


def refused_or_shown(parameter: str) -> Collection[int]:
    """A list of a database that does not exist is no page."""
    return (200, 302, 400, 404) if parameter == "database" else (200, 302, 400)


@pytest.mark.parametrize(
    "query",
    [
        "posted_on__year=9999",
        "posted_on__year=9999&posted_on__month=12",
        "posted_on__year=2026&posted_on__month=13",
        "posted_on__year=2026&posted_on__month=2&posted_on__day=30",
        "posted_on__year=0",
        "posted_on__day=1",
        "posted_on__year=9999&posted_on__month=12&posted_on__day=31",
        "p=0",
        "p=-1",
        "p=999999",
        "o=1.1.1",
        "e=1",
    ],
)
def test_an_odd_period_or_page_of_entries_is_refused_or_ignored(clients, query):
    assert clients["tenant"].get(f"/t/acme/ledger/entry/?{query}").status_code in (200, 302, 400)


@pytest.mark.slow("opens pages")
@pytest.mark.exhaustive("every page × four odd values of all parameters", inside=True)
def test_no_page_fails_for_odd_parameters(clients, sample):
    starts = count()
    points = [
        (plane, f"{PREFIXES[plane]}/{page}", value)
        for plane in PREFIXES
        for page in guarded_with(plane, "1")
        if page != "logout/"
        for value in some(ODD_VALUES, next(starts), 4)
    ]

    statuses = {
        point: clients[point[0]].get(point[1], dict.fromkeys(OF_PAGES, point[2])).status_code
        for point in sample.of(points, 25)
    }

    assert {point: status for point, status in statuses.items() if status >= 500} == {}


@pytest.mark.slow("opens pages")
@pytest.mark.exhaustive("every page with an id × odd id", inside=True)
def test_no_page_fails_for_an_odd_id(clients, sample):
    points = [
        (plane, f"{PREFIXES[plane]}/{page}")
        for plane in PREFIXES
        for value in ODD_IDS
        for page in sorted({*guarded_with(plane, quote(value, safe="%"))} - {*guarded_with(plane, "1")})
    ]

    statuses = {point: clients[point[0]].get(point[1]).status_code for point in sample.of(points, 25)}

    assert {point: status for point, status in statuses.items() if status >= 500} == {}


@pytest.mark.parametrize("query", ["q=%00", "q=a%FF", "%00=1", "q=%ED%A0%80", "p=1&q=%c3", "e=%00"])
def test_a_list_with_a_query_of_odd_characters_is_refused_with_a_way_out(clients, query):
    response = clients["tenant"].get(f"/t/acme/ledger/account/?{query}")

    assert response.status_code == 400
    assert "request.malformed" in response.content.decode()
    assert 'href="/t/acme/ledger/account/"' in response.content.decode()


def test_more_parameters_than_django_reads_are_refused(clients):
    query = "&".join(f"a{number}=1" for number in range(1001))

    assert clients["tenant"].get(f"/t/acme/ledger/account/?{query}").status_code == 400
