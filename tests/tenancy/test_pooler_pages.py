"""Behind PgBouncer every page and every address answers as it does without."""

from __future__ import annotations

import pytest

from tests.support.attack_surface import OPERATORS, TENANTS, addresses
from tests.support.two_at_work import FIRST


def failing(client, prefix, urlconf):
    found = {}
    for each in addresses(urlconf):
        path = f"{prefix}{each.replace(str(FIRST), '1')}"
        try:
            response = client.get(path)
            if response.streaming:  # what goes wrong now is after the answer has begun
                sum(len(each) for each in response)
            elif response.status_code >= 500:
                found[path] = f"{response.status_code} {response.content[:150]!r}"
        except Exception as error:
            found[path] = repr(error)[:250]
    return found


@pytest.mark.exhaustive("every page behind a pooler")
def test_the_consoles_and_the_api_answer(acme, owner, client_for, behind_pgbouncer):
    assert failing(client_for(owner), "/t/acme", TENANTS) == {}


@pytest.mark.exhaustive("every page behind a pooler")
def test_so_do_the_operators(acme, operator, client_for, behind_pgbouncer):
    assert failing(client_for(operator, None), "", OPERATORS) == {}
