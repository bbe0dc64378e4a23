"""Command activity: pages, API and alert."""

from __future__ import annotations

import re

import pytest
from django.db import connections

from apps.audit import tasks
from apps.bus import dispatch
from apps.companies.commands import FoundCompany
from apps.companies.errors import CompanyCodeTaken
from apps.kernel.tenant import activate
from apps.monitoring.hookimpls import MIN_FAILURES, failing_commands


@pytest.fixture
def refusal(acme, globex, owner, all_ended):
    """A refusal of `companies` at acme. The commands of both tenants and of the platform are rolled up."""
    with activate(acme), pytest.raises(CompanyCodeTaken):
        dispatch(FoundCompany(code="MAIN", name="Again", currency="USD"), actor=owner)
    all_ended()
    for tenant in (acme.id, globex.id, "public"):
        tasks.seal.apply(headers={"tenant": tenant}, throw=True)


def row_of(page, name):
    """The cells of a row: commands, per minute, refused, failed, repeated, …"""
    (row,) = re.findall(rf'<th scope="row">{name}</th>(.*?)</tr>', page, re.DOTALL)
    return [cell.strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)]


def test_the_page_of_a_tenant_has_a_row_for_each_module(client_for, auditor, refusal):
    page = client_for(auditor).get("/t/acme/audit/activity/").content.decode()

    commands, _per_minute, refused, failed, *_ = row_of(page, "companies")
    assert (int(commands) > 1, refused, failed) == (True, "1", "0")
    assert "globex" not in page


def test_the_operators_page_adds_up_all_tenants(client_for, operator, refusal):
    page = client_for(operator, None).get("/audit/activity/?window=day").content.decode()

    assert [row_of(page, name)[2] for name in ("companies", "acme", "globex", "Platform")] == [
        "1",
        "1",
        "0",
        "0",
    ]


def test_an_unknown_window_is_refused(client_for, auditor):
    assert client_for(auditor).get("/t/acme/audit/activity/?window=x").status_code == 400


def test_the_api_returns_figures_by_module_and_command(client_for, auditor, refusal):
    client = client_for(auditor)
    modules = client.get("/t/acme/api/v1/audit/activity/").json()
    commands = client.get("/t/acme/api/v1/audit/activity/?by=command").json()

    (of_module,) = [row for row in modules if row["name"] == "companies"]
    of_commands = [row for row in commands if row["name"].startswith("companies.")]
    assert of_module["refused"] == sum(row["refused"] for row in of_commands) == 1
    assert of_module["commands"] == sum(row["commands"] for row in of_commands)


def test_the_operators_api_returns_figures_by_tenant(client_for, operator, refusal):
    rows = client_for(operator, None).get("/api/v1/monitoring/command-activity/").json()

    refused = {(row["tenant"], row["name"]): row["refused"] for row in rows}
    assert (refused["acme", "companies"], refused["globex", "companies"]) == (1, 0)
    assert ("", "operations") in refused


@pytest.mark.parametrize(
    ("failed", "done", "alerts"),
    [(MIN_FAILURES - 1, 0, 0), (MIN_FAILURES, 0, 1), (MIN_FAILURES, 1000, 0)],
)
def test_failures_above_the_limits_raise_one_alert(globex, failed, done, alerts):
    with activate(globex), connections["owner"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_commandminute (minute, command, succeeded, repeated, refused, failed, total_us, max_us)"
            " VALUES (date_trunc('minute', now()), 'sales.confirm', %s, 0, 0, %s, 9, 9)",
            [done, failed],
        )

    assert [alert.name for alert in failing_commands()] == ["commands:sales"] * alerts
