"""Sample data of the demo tenants."""

import io
import json

import pytest
from django.core.management import call_command

from apps.audit.models import Record
from apps.kernel.clock import today
from apps.kernel.tenant import activate
from apps.ledger import queries as ledger
from apps.ledger.models import Entry
from apps.periods.models import Period
from apps.sales import queries as sales
from apps.sales.models import Order
from tests.support import settling


def demo():
    output = io.StringIO()
    call_command("demo", "--json", stdout=output)
    return json.loads(output.getvalue())


@pytest.mark.exhaustive("the business of two demo tenants")
def test_the_demo_is_created_once_with_balanced_books(acme, globex, monkeypatch):
    assert demo()["made"] == ["acme", "globex"]
    assert demo()["made"] == []

    for tenant in (acme, globex):
        with activate(tenant):
            assert Entry.objects.posted().exists()
            assert sum(row.closing for row in ledger.trial_balance(by="total")) == 0
            assert Entry.objects.posted().filter(posted_on__gt=today()).count() == 0
            closed = Period.objects.filter(status="closed")
            assert (
                Record.objects.filter(command="periods.close_period", actor_name="Carla Controller").count()
                == closed.count()
            )

    monkeypatch.setattr(settling, "LIMIT", 5_000)
    settling.settle(impatient=True)  # the response to one card payment is lost

    with activate(acme):
        states = sorted(Order.objects.values_list("state", flat=True))
        assert states == ["cancelled", "cancelled", "completed", "completed", "completed", "confirmed"]
        assert sales.reconcile() == []
