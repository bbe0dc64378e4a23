"""A list is filtered by what it declares, and by nothing else: an undeclared filter reveals a hidden column by its
number of rows."""

from __future__ import annotations

import html
from collections.abc import Iterator

import pytest
from django.contrib.admin import ModelAdmin
from django.db.models import Field

from apps.console.admin import ReadOnlyAdmin
from tests.support.console_pages import LISTS, path_of

USERS = "/t/acme/identity/user/"
LOOKUPS = ("", "__exact", "__regex", "__startswith", "__gt", "__in", "__isnull")


def columns(admin: ModelAdmin) -> Iterator[str]:
    """The columns of the model, and those of the rows that it refers to and that refer to it."""
    for field in admin.opts.get_fields():
        yield field.name
        if field.related_model:
            yield from (
                f"{field.name}__{other.name}"
                for other in field.related_model._meta.get_fields()
                if isinstance(other, Field)
            )


def filters_of(admin: ModelAdmin) -> list[str]:
    """The names of all filters that Django would understand."""
    return [f"{column}{lookup}" for column in [*columns(admin), "pk"] for lookup in LOOKUPS]


def declared_path(admin: ModelAdmin, name: str) -> bool:
    paths = [item[0] if isinstance(item, tuple) else item for item in admin.list_filter]
    starts = [path for path in [*paths, admin.date_hierarchy, *admin.lookups] if isinstance(path, str)]
    return any(name == start or name.startswith(f"{start}__") for start in starts)


UNDECLARED = [
    (plane, admin, name)
    for plane, admin in LISTS
    for name in filters_of(admin)
    if not declared_path(admin, name)
]


HIDDEN = (
    *("password__regex=^argon2", "password__startswith=a", "password=x", "password__isnull=1"),
    *("api_sessions__id=1", "groups__name=owner", "no_such_column=1", "e=1&password__regex=^argon2"),
)


def test_a_list_of_users_filtered_by_a_hidden_column_is_refused(client_for, auditor):
    client = client_for(auditor)
    for query in HIDDEN:
        response = client.get(f"{USERS}?{query}")

        page = response.content.decode()
        name = query.removeprefix("e=1&").partition("=")[0]
        assert response.status_code == 400, query
        assert f"This list cannot be filtered by {name}." in page
        assert "console.filter_unknown" in page


def test_every_list_of_the_consoles_is_of_the_class_that_refuses_undeclared_filters():
    assert len(LISTS) > 30
    assert [admin for _, admin in LISTS if not isinstance(admin, ReadOnlyAdmin)] == []


def test_no_list_accepts_an_undeclared_filter(rf):
    accepted = [
        f"{path_of(plane, admin)}?{name}"
        for plane, admin, name in UNDECLARED
        if admin.lookup_allowed(name, "1", rf.get("/"))
    ]

    assert len(UNDECLARED) > 5_000
    assert accepted == []


@pytest.mark.slow("opens lists")
@pytest.mark.exhaustive("every list with an eighth of its look-ups", inside=True)
def test_every_list_with_an_undeclared_filter_responds_with_400(client_for, owner, operator, sample):
    """One look-up in eight, each kind in turn; the test above tries all."""
    clients = {"tenant": client_for(owner), "operator": client_for(operator, None)}
    tried = sample.of(UNDECLARED[:: len(LOOKUPS) + 1], 1, by=lambda point: path_of(*point[:2]))

    statuses = {
        f"{path_of(plane, admin)}?{name}": clients[plane].get(path_of(plane, admin), {name: "1"}).status_code
        for plane, admin, name in tried
    }

    assert {address: status for address, status in statuses.items() if status != 400} == {}


def test_declared_filters_and_linked_parameters_of_lists_are_accepted(client_for, owner, operator):
    """Every parameter that a filter of a list reads, as Django's own class of the filter names it."""
    clients = {"tenant": client_for(owner), "operator": client_for(operator, None)}
    refused = []
    for plane, admin in LISTS:
        response = clients[plane].get(path_of(plane, admin), {"o": "-1", "p": "1", "q": "x"})
        filters = response.context_data["cl"].filter_specs
        names = {name for spec in filters for name in spec.expected_parameters()}
        refused += [(admin, name) for name in names if not admin.lookup_allowed(name, "1")]

    assert refused == []


LINKED = (
    "audit/record/?subject_type=ledger.account&subject_id=1",
    "audit/record/?impersonator_name=Otto",
    "audit/record/?at__gte=2026-01-01+00:00:00%2B00:00&at__lt=2027-01-01+00:00:00%2B00:00",
    "inventory/stockmove/?item__id__exact=1",
    "webhooks/message/?endpoint__id__exact=1",
    "webhooks/received/?source__id__exact=1",
    "ledger/entry/?posted_on__year=2026&posted_on__month=2",
    "sales/order/?customer__id__exact=7&_facets=True",
)
MALFORMED = (
    "sales/invoice/?year=many",
    "ledger/entry/?posted_on__year=9999",
    "audit/record/?at__gte=0001-01-01+00:00:00%2B16:00",
    "ledger/entry/?posted_on__year=twenty",
    "audit/record/?at__gte=yesterday",
    "audit/export/?since=yesterday",
    "audit/export/?since=20260131",
    "sales/invoice/?year=٢٠٢٦",
    "sales/order/?customer__id__exact=７",
    "sales/order/?customer__id__exact=７&customer__id__exact=1",
    "sales/order/?customer__id__exact=1_0",
    "ledger/entry/?posted_on__year=٢٠٢٦",
    "ledger/entry/?posted_on__year=2026&posted_on__month=1e0",
    "audit/record/?at__gte=20260101T000000Z",
)
PAGES = ("٣", "1_0", "0x1", "+1", " 1", "", "0", "one", "9" * 40)


def test_links_to_a_filtered_list_open_it(client_for, owner):
    client = client_for(owner)

    assert {address: client.get(f"/t/acme/{address}").status_code for address in LINKED} == dict.fromkeys(
        LINKED, 200
    )


def test_a_malformed_value_of_a_filter_is_refused(client_for, owner):
    client = client_for(owner)
    for address in MALFORMED:
        response = client.get(f"/t/acme/{address}")

        assert response.status_code == 400, address
        assert "console.filter_malformed" in response.content.decode()


def test_a_malformed_page_number_is_refused(client_for, owner):
    client = client_for(owner)
    for page in PAGES:
        for address, parameters in (("audit/record/", {"p": page}), ("search/", {"page": page, "s": "a"})):
            response = client.get(f"/t/acme/{address}", parameters)

            assert response.status_code == 400, (address, page)
            assert "console.page_unknown" in response.content.decode()


def test_a_row_is_not_opened_by_a_number_in_other_digits(client_for, owner):
    client = client_for(owner)
    assert client.get(f"{USERS}{owner.pk}/change/").status_code == 200

    digits = str(owner.pk).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    for number in (digits, f"+{owner.pk}", f" {owner.pk}", f"{owner.pk}_0", "9" * 30):
        assert client.get(f"{USERS}{number}/change/").status_code == 302, number


def test_an_export_of_the_audit_log_by_an_undeclared_filter_is_refused(client_for, auditor):
    assert client_for(auditor).get("/t/acme/audit/export/?request__regex=x").status_code == 400


def test_the_exports_of_the_audit_log_have_the_filters_of_its_list(client_for, auditor):
    client = client_for(auditor)
    query = "outcome__exact=done&subject_id=7&at__gte=2026-01-01+00:00:00%2B00:00&q=sale&o=1"

    page = html.unescape(client.get(f"/t/acme/audit/record/?{query}").content.decode())

    exported = "outcome=done&subject_id=7&since=2026-01-01+00%3A00%3A00%2B00%3A00&text=sale"
    assert f"/t/acme/audit/export/?{exported}" in page
    form = client.get(f"/t/acme/audit/export/job/?{exported}").content.decode()
    assert 'name="subject_id" value="7"' in form
    assert 'name="text" value="sale"' in form
    assert '<option value="done" selected>' in form
    assert 'value="2026-01-01"' in form


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("outcome=done&outcome=refused", "console.filter_repeated"),
        ("at__isnull=True", "console.filter_unknown"),
    ],
)
@pytest.mark.parametrize("path", ["export/", "export/job/"])
def test_an_export_of_the_audit_log_refuses_filters_that_it_does_not_support(
    client_for, auditor, path, query, code
):
    response = client_for(auditor).get(f"/t/acme/audit/{path}?{query}")

    assert (response.status_code, code in response.content.decode()) == (400, True)


def test_a_list_is_not_ordered_by_a_hidden_column(client_for, auditor):
    client = client_for(auditor)
    for column in ("password", "99", "-99", "-password"):
        listed = client.get(USERS, {"o": column}).context_data["cl"]

        assert list(listed.queryset.query.order_by) == ["name", "-pk"], column


def test_a_row_is_not_opened_by_a_hidden_column(client_for, auditor):
    client = client_for(auditor)

    assert client.get(USERS, {"_to_field": "password"}).status_code == 400
    assert client.get(f"{USERS}1/change/", {"_to_field": "password"}).status_code == 400
