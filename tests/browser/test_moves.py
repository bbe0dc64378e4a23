"""Moving a tenant, in a console with the owner's address and in one without."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from apps.kernel.tenant import activate
from tests.support.pages import log_in, page_is_accessible
from tests.support.processes import eventually, responds, running
from tests.support.settling import settle

pytestmark = pytest.mark.exhaustive("axe-core over each page in both themes")


OWNER_VARIABLES = "DATABASE_OWNER_URL DATABASE_OWNER_SHARDS"


@pytest.fixture(params=["", OWNER_VARIABLES], ids=["owner", "runtime"])
def web(request, environment, port, east, east_server, database_name) -> Iterator[str]:
    """A web process with a second database."""
    for shards, address in (
        ("DATABASE_SHARDS", "database_url"),
        ("DATABASE_OWNER_SHARDS", "database_owner_url"),
    ):
        server = east_server.addresses()[address].rpartition("/")[0]
        environment[shards] = f"{east}={server}/{database_name}"
    command = ("gunicorn", "config.wsgi", "-b", f"127.0.0.1:{port}", "-k", "gthread", "--threads", "4")
    with running(environment, *command, without=request.param):
        address = f"http://127.0.0.1:{port}"
        eventually(lambda: responds(f"{address}/healthz"))
        yield address


@pytest.mark.physical_copy
def test_a_move_is_previewed_and_run_with_the_owners_address(request, visit: Page, acme, operator):
    with activate(None):
        settle()
    log_in(visit, "", operator.email)
    visit.goto(f"/tenancy/tenant/{acme.id}/change/")
    visit.get_by_role("link", name="Move to another database").click()
    visit.get_by_label("Reason").fill("A faster server.")
    visit.get_by_role("button", name="Preview").click()
    expect(visit.get_by_text("Read only for about")).to_be_visible()
    role = "owner" if "[owner" in request.node.name else "runtime"
    page_is_accessible(visit, f"move-{role}")

    visit.get_by_role("button", name="Move tenant").click()
    if role == "owner":
        expect(visit.get_by_text("works in east")).to_be_visible()
        page_is_accessible(visit, "moved")
        visit.get_by_role("link", name="Log of this workflow").first.click()
        expect(visit.get_by_role("cell", name="verify", exact=True)).to_be_visible()
        page_is_accessible(visit, "move-log")
    else:
        expect(visit.get_by_text("manage.py tenant move acme --to east --reason")).to_be_visible()
        page_is_accessible(visit, "move-elsewhere")
