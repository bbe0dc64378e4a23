"""An operator sees how the schemas' migrations went."""

from __future__ import annotations

from django.db import connections

PAGE = "/tenancy/schemamigration/"


def test_without_a_run_there_is_nothing_to_see(operator, client_for):
    response = client_for(operator, None).get(PAGE)

    assert response.status_code == 200


def test_who_failed_is_seen_with_the_reason(acme, operator, client_for):
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO tenancy_schemamigration (schema_name, state, migration, acts_done, error, at)"
            " VALUES (%s, 'failed', 'ledger.9001_paint', 0, 'ValueError: no such luck', now())",
            [acme.schema],
        )

    shown = client_for(operator, None).get(PAGE).content.decode()

    assert "Acme Corporation" in shown
    assert "ledger.9001_paint" in shown
    assert "no such luck" in shown


def test_a_tenant_sees_none_of_it(controller, client_for):
    assert client_for(controller).get(f"/t/acme{PAGE}").status_code == 404
