"""docs/flags.md from "declare" to "retire": its commands, in their order."""

from __future__ import annotations

import datetime as dt
import io
import re
import shlex
from pathlib import Path

import pytest
from django.core.management import call_command

from apps.bus import dispatch
from apps.companies import queries as companies
from apps.flags import queries
from apps.flags.commands import RegisterFlags
from apps.flags.engine import bucketers
from apps.flags.models import Flag
from apps.flags.store.served import SERVED
from apps.identity.models import User
from apps.kernel.actors import System, acting_as
from apps.kernel.clock import today
from apps.kernel.features import DECLARED, declare_flag
from apps.kernel.tenant import activate

PAGE = Path(__file__).resolve().parents[2] / "docs" / "flags.md"
KEY = "sales.new-order-screen"


@pytest.fixture
def declared(db):
    """The declaration of the page, with an expiry that is in the future."""
    declare_flag(
        key=KEY,
        category="release",
        type=bool,
        default=False,
        description="The new screen of orders.",
        owner="sales-team@example.com",
        expires_on=today() + dt.timedelta(days=60),
    )
    dispatch(RegisterFlags(), actor=System("The test"))
    SERVED.forget()
    yield
    del DECLARED[KEY]
    SERVED.forget()


def commands():
    blocks = re.findall(r"```console\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return [line.removeprefix("manage.py ") for block in blocks for line in block.splitlines()]


def run(line):
    output = io.StringIO()
    call_command(*shlex.split(line), stdout=output)
    return output.getvalue()


def company_of(tenant):
    with activate(tenant):
        return companies.first_company_id()


def is_inside(percentage, company):
    """By the bucket of the company, as the design of the page says: companies, and no users."""
    return bucketers.BUCKETERS["bursar-1"].gate(KEY, percentage, 0)(str(company))


@pytest.mark.slow("runs ten commands, each with its preview")
def test_the_commands_of_the_page_lead_from_the_declaration_to_the_retirement(declared, acme):
    output, is_on = {}, {}
    for line in commands():
        output[line] = run(line)
        with activate(acme), acting_as(User.objects.get(email=f"owner@{acme.slug}.example")):
            is_on[line] = queries.is_on(KEY)

    lines = list(output)
    assert len(lines) == 10
    assert "/rollout/percentage" in output[lines[0]]
    assert output[lines[1]].startswith("Published")
    assert f"{KEY} = false: ROLLOUT, decided by percentage" in output[lines[2]]
    assert "/rollout/percentage: 25.0 → 100.0" in output[lines[4]]
    assert [is_on[line] for line in lines] == [
        *(False, False, False),  # declared, and prepared with 0 %
        is_inside(25, company_of(acme)),
        *(True, False, True, True),  # everyone; killed; revived
        *(False, False),  # retired
    ]
    assert "All of them." in output[lines[7]]
    assert Flag.objects.get(key=KEY).is_retired
    assert KEY in output[lines[9]]
