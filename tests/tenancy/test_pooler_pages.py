"""Behind PgBouncer every page and every address works."""

from __future__ import annotations

import pytest

from tests.support.attack_surface import OPERATORS, TENANTS, addresses
from tests.support.two_at_work import FIRST


def failing(client, prefix, urlconf):
    failures = {}
    for address in addresses(urlconf):
        path = f"{prefix}{address.replace(str(FIRST), '1')}"
        try:
            response = client.get(path)
            if response.streaming:  # an error now comes after the start of the response
                sum(len(chunk) for chunk in response)
            elif response.status_code >= 500:
                failures[path] = f"{response.status_code} {response.content[:150]!r}"
        except Exception as error:
            failures[path] = repr(error)[:250]
    return failures


@pytest.mark.exhaustive("every page behind a pooler")
def test_the_pages_of_a_tenant_work(acme, owner, client_for, behind_pgbouncer):
    assert failing(client_for(owner), "/t/acme", TENANTS) == {}


@pytest.mark.exhaustive("every page behind a pooler")
def test_the_pages_of_the_operator_work(acme, operator, client_for, behind_pgbouncer):
    assert failing(client_for(operator, None), "", OPERATORS) == {}
