import contextvars
import threading
from dataclasses import replace

import pytest
from django.db import transaction

from apps.kernel.tenant import TenantSwitchInTransaction, activate, current_tenant


def test_it_nests_and_returns_to_what_was(acme, globex):
    with activate(acme):
        with activate(globex):
            assert current_tenant() == globex
        assert current_tenant() == acme
    assert current_tenant() is None


def test_a_thread_starts_without_one_and_keeps_its_own(acme, globex):
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


def test_it_does_not_switch_inside_a_transaction(acme, globex):
    with activate(acme), transaction.atomic():
        with activate(acme):
            pass
        with pytest.raises(TenantSwitchInTransaction), activate(globex):
            pass
        with pytest.raises(TenantSwitchInTransaction), activate(None):
            pass


@pytest.mark.parametrize(
    "known", [{"schema": "tenant_2"}, {"role": "bursar_t_1_2"}, {"database": "east"}, {"id": 2}]
)
def test_nor_to_another_place_under_the_same_number(acme, known):
    with activate(acme), transaction.atomic():
        with pytest.raises(TenantSwitchInTransaction), activate(replace(acme, **known)):
            pass
        with activate(replace(acme, epoch=7, mode="read_only", name="Acme Limited")):
            pass
