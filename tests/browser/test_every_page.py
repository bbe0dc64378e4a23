"""Every page of both consoles, with rows of every kind and state, in four looks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from apps.kernel.tenant import activate
from tests.support.console_pages import LISTS, guarded_with, path_of
from tests.support.looks import faults_of
from tests.support.pages import log_in, page_with_faults
from tests.support.two_at_work import FIRST

pytestmark = pytest.mark.exhaustive("axe-core over every page in both themes")
NO_PAGES = ("jsi18n/", "/csv/", "/download/", "/template/", "audit/export/", "/search/")
"""Files, and the hits of the palette."""
BEFORE_SIGN_IN = (
    "login/",
    "password/reset/",
    "invitation/nonsense/",
    "address/nonsense/",
    "password/choose/nonsense/",
)
CONSOLES = [
    ("tenant", "/t/globex", "owner@globex.example", str(FIRST)),
    ("operator", "", "operator@bursar.example", "1"),
]


@pytest.fixture(scope="session")
def template(two_at_work: str) -> str:
    return two_at_work


@pytest.fixture
def page(browser, web) -> Iterator[Page]:
    """As `visit`, but the pages of 403 and 404 are looked at too, although the browser logs them."""
    context = browser.new_context(base_url=web)
    page, faults = page_with_faults(context, web)
    yield page
    context.close()
    assert [fault for fault in faults if "Failed to load resource" not in fault] == []


@pytest.mark.parametrize(("plane", "home", "email", "number"), CONSOLES)
def test_every_page_is_accessible_and_readable_in_four_looks(page: Page, globex, plane, home, email, number):
    faults = []
    for address in (f"{home}/accounts/{path}" for path in BEFORE_SIGN_IN):
        page.goto(address)
        faults += faults_of(page, address)
    log_in(page, home, email)
    with activate(globex if plane == "tenant" else None):
        addresses = {f"{home}/{path}" for path in guarded_with(plane, number)} | {*_rows(plane)}
    seen: set[str] = set()
    for address in sorted(addresses):
        if not address.endswith(NO_PAGES) and "(?P" not in address:
            name = _open(page, address)
            if name not in seen:
                faults += faults_of(page, address)
            seen.add(name)

    assert not faults, "\n".join(faults)


def _open(page: Page, address: str) -> str:
    """The address after redirects, or of an error page its code: one page of each code is enough."""
    response = page.goto(address)
    assert response is not None
    assert response.status < 500, address
    return page.url if response.ok else page.locator("code").first.inner_text()


def _rows(plane: str) -> Iterator[str]:
    """One row of each state, of each list."""
    for of_plane, admin in LISTS:
        if of_plane == plane:
            path = path_of(plane, admin).replace("/t/acme", "/t/globex")
            for number in _one_of_each_state(admin.model._default_manager.all()):
                yield f"{path}{number}/change/"


def _one_of_each_state(rows: Iterable[Any]) -> Iterable[int]:
    states: dict[Any, int] = {}
    for row in rows:
        states.setdefault(getattr(row, "state", getattr(row, "status", "")), row.pk)
    return states.values()
