import contextvars
import threading
from dataclasses import replace

import pytest
from django.db import transaction

from apps.kernel.tenant import TenantSwitchInTransaction, activate, current_tenant


def test_a_nested_activation_restores_the_outer_tenant(acme, globex):
    with activate(acme):
        with activate(globex):
            assert current_tenant() == globex
        assert current_tenant() == acme
    assert current_tenant() is None


def test_each_thread_has_its_own_active_tenant(acme, globex):
    seen = []

    def work():
        seen.append(current_tenant())
        with activate(globex):
            seen.append(current_tenant())

    with activate(acme):
        thread = threading.Thread(target=contextvars.Context().run, args=(work,))
        thread.start()
        thread.join()
        assert current_tenant() == acme

    assert seen == [None, globex]


def test_a_switch_inside_a_transaction_is_refused(acme, globex):
    with activate(acme), transaction.atomic():
        with activate(acme):
            pass
        with pytest.raises(TenantSwitchInTransaction), activate(globex):
            pass
        with pytest.raises(TenantSwitchInTransaction), activate(None):
            pass


@pytest.mark.parametrize(
    "placement", [{"schema": "tenant_2"}, {"role": "bursar_t_1_2"}, {"database": "east"}, {"id": 2}]
)
def test_a_switch_to_another_placement_of_the_tenant_inside_a_transaction_is_refused(acme, placement):
    with activate(acme), transaction.atomic():
        with pytest.raises(TenantSwitchInTransaction), activate(replace(acme, **placement)):
            pass
        with activate(replace(acme, epoch=7, mode="read_only", name="Acme Limited")):
            pass
