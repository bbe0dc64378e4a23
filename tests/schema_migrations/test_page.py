"""The console page with the results of the schemas' migrations."""

from __future__ import annotations

from django.db import connections

PAGE = "/tenancy/schemamigration/"


def test_without_a_run_the_page_is_empty(operator, client_for):
    response = client_for(operator, None).get(PAGE)

    assert response.status_code == 200


def test_a_failed_schema_is_shown_with_its_error(acme, operator, client_for):
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO tenancy_schemamigration (schema_name, state, migration, operation_count, error, at)"
            " VALUES (%s, 'failed', 'ledger.9001_paint', 0, 'ValueError: no such luck', now())",
            [acme.schema],
        )

    shown = client_for(operator, None).get(PAGE).content.decode()

    assert "Acme Corporation" in shown
    assert "ledger.9001_paint" in shown
    assert "no such luck" in shown


def test_a_tenant_has_no_such_page(controller, client_for):
    assert client_for(controller).get(f"/t/acme{PAGE}").status_code == 404
