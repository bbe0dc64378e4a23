"""A repeated request is done once: by one caller, from several threads, with another payload, after a flushed cache."""

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from apps.audit.models import Record
from apps.bus import dispatch, dispatch_once, dry_run
from apps.bus.errors import FactConflict, KeyReused, RequestInFlight
from apps.bus.idempotency import claims, keys
from apps.bus.idempotency.fingerprints import fact_of, fingerprint_of
from apps.bus.models import IdempotencyKey
from apps.bus.tasks import forget_expired_keys
from apps.companies.commands import FoundCompany
from apps.companies.errors import CompanyCodeTaken
from apps.companies.models import Company
from apps.kernel.cache import redis_client
from apps.kernel.tenant import activate
from apps.ledger.models import Entry
from apps.payments.commands import RefundPayment
from tests.support.aging import without_triggers
from tests.support.books import sale
from tests.support.sqlstate import NO_RIGHT, refused
from tests.support.threads import in_tenant, together

PLANT = FoundCompany(code="PLANT", name="Acme Plant", currency="EUR")
SHOP = FoundCompany(code="SHOP", name="Acme Shop", currency="EUR")


def test_a_repeated_request_returns_the_first_result(at_acme, owner):
    first = dispatch_once(
        PLANT, actor=owner, key="one", render_response=lambda company: {"code": company.code}
    )
    second = dispatch_once(
        PLANT, actor=owner, key="one", render_response=lambda company: {"code": "never called"}
    )

    assert (first.repeated, second.repeated) == (False, True)
    assert first.result == second.result == Company.objects.get(code="PLANT")
    assert second.response == {"code": "PLANT"}


def test_the_audit_log_records_a_repeated_request(at_acme, owner):
    for _ in range(2):
        dispatch_once(PLANT, actor=owner, key="one")

    outcomes = Record.objects.filter(command="companies.found_company").order_by("id")
    assert [outcome.outcome for outcome in outcomes][-2:] == ["done", "repeated"]


def test_a_key_used_for_another_request_is_refused(at_acme, owner):
    dispatch_once(PLANT, actor=owner, key="one")

    with pytest.raises(KeyReused) as caught:
        dispatch_once(SHOP, actor=owner, key="one")

    assert (caught.value.status, caught.value.code) == (422, "bus.key_reused")
    assert not Company.objects.filter(code="SHOP").exists()


def test_two_callers_may_choose_the_same_key(at_acme, owner, controller):
    assert not dispatch_once(PLANT, actor=owner, key="one").repeated
    with pytest.raises(CompanyCodeTaken):
        dispatch_once(PLANT, actor=system(), key="one")


def system():
    from apps.kernel.actors import System

    return System("another")


def test_a_refused_request_leaves_its_key_free(at_acme, owner):
    taken = FoundCompany(code="MAIN", name="Again", currency="EUR")
    with pytest.raises(CompanyCodeTaken):
        dispatch_once(taken, actor=owner, key="one")

    assert not dispatch_once(PLANT, actor=owner, key="one").repeated


def test_a_dry_run_uses_no_key(at_acme, owner):
    before = IdempotencyKey.objects.count()
    assert dry_run(PLANT, actor=owner) == ()
    assert IdempotencyKey.objects.count() == before


def test_a_key_of_one_tenant_is_free_in_another(acme, globex, owner, operator):
    with activate(acme):
        dispatch_once(PLANT, actor=system(), key="one")
    with activate(globex):
        assert not dispatch_once(PLANT, actor=system(), key="one").repeated


def test_a_flushed_redis_does_not_free_a_key(at_acme, owner):
    dispatch_once(PLANT, actor=owner, key="one")

    redis_client.client().flushdb()

    assert dispatch_once(PLANT, actor=owner, key="one").repeated


def test_one_key_from_many_threads_is_done_once(acme, owner):
    results = together(8, lambda: dispatch_once(PLANT, actor=owner, key="one"), acme)

    with activate(acme):
        assert Company.objects.filter(code="PLANT").count() == 1
    done = [result for result in results if not isinstance(result, Exception)]
    assert sum(not result.repeated for result in done) == 1
    assert {type(result) for result in results if isinstance(result, Exception)} <= {RequestInFlight}


def test_a_repeated_request_during_the_first_is_refused_with_retry_after(acme, owner, monkeypatch):
    claimed, may_end = threading.Event(), threading.Event()
    remember = keys.remember

    def slowly(*args):
        claimed.set()
        assert may_end.wait(120)
        remember(*args)

    monkeypatch.setattr(keys, "remember", slowly)
    with ThreadPoolExecutor() as pool, activate(acme):
        first = pool.submit(in_tenant, acme, lambda: dispatch_once(PLANT, actor=owner, key="one"))
        assert claimed.wait(120)
        with pytest.raises(RequestInFlight) as caught:
            dispatch_once(PLANT, actor=owner, key="one")
        may_end.set()

    assert not first.result().repeated
    assert (caught.value.status, caught.value.retry_after) == (409, 1)


def test_without_the_lock_a_request_would_be_done_several_times(acme, owner, chart, monkeypatch):
    """Negative control: an entry has no business key, so only the idempotency key prevents the second."""
    monkeypatch.setattr(claims, "claims_of", lambda envelope: ())

    together(4, lambda: dispatch_once(sale(), actor=owner, key="one"), acme)

    assert Entry.objects.count() == 4


def test_an_entry_under_one_key_is_posted_once(acme, owner, chart):
    together(4, lambda: dispatch_once(sale(), actor=owner, key="one"), acme)

    assert Entry.objects.count() == 1


class Fact(FoundCompany):
    """A company founded at most once, by any caller."""

    def natural_key(self):
        return f"company_founded:{self.code}"


@pytest.fixture
def fact(monkeypatch):
    monkeypatch.setattr(FoundCompany, "natural_key", Fact.natural_key)
    monkeypatch.setattr(FoundCompany, "fact", ("code", "currency"))


def test_a_natural_key_applies_without_a_key_of_the_caller(at_acme, owner, controller, fact):
    first = dispatch(PLANT, actor=owner)

    assert dispatch(PLANT, actor=system()) == first
    assert IdempotencyKey.objects.get(key="company_founded:PLANT").expires_at is None


def test_a_natural_key_with_other_values_of_the_fact_is_refused(at_acme, owner, fact):
    dispatch(PLANT, actor=owner)

    with pytest.raises(FactConflict) as caught:
        dispatch(FoundCompany(code="PLANT", name="Acme Plant", currency="USD"), actor=owner)

    assert caught.value.status == 409


def test_a_natural_key_ignores_fields_outside_the_fact(at_acme, owner, fact):
    first = dispatch(PLANT, actor=owner)

    assert dispatch(FoundCompany(code="PLANT", name="The plant", currency="EUR"), actor=owner) == first
    assert Record.objects.latest("id").outcome == "repeated"


def test_a_key_of_the_caller_covers_all_fields_of_the_request(at_acme, owner, fact):
    dispatch_once(PLANT, actor=owner, key="one")

    with pytest.raises(KeyReused):
        dispatch_once(FoundCompany(code="PLANT", name="The plant", currency="EUR"), actor=owner, key="one")


def test_trailing_zeros_do_not_change_the_fact():
    def refunded(amount, reason):
        return fact_of(RefundPayment(payment_id=1, amount=Decimal(amount), reason=reason, reference="RMA-1"))

    assert refunded("2", "Bent") == refunded("2.00", "It was bent.")
    assert refunded("200", "Bent") == refunded("2E+2", "Bent") != refunded("2", "Bent")


def test_concurrent_requests_for_one_fact_return_the_same_row(acme, owner, fact):
    results = together(6, lambda: dispatch(PLANT, actor=system()), acme)

    assert len({result.pk for result in results}) == 1


def test_the_key_of_a_money_movement_never_expires(at_acme, owner, chart):
    dispatch_once(PLANT, actor=owner, key="one")
    dispatch_once(sale(), actor=owner, key="two")

    assert IdempotencyKey.objects.get(key="one").expires_at is not None
    assert IdempotencyKey.objects.get(key="two").expires_at is None


def expire(key):
    with without_triggers("bus_idempotencykey") as cursor:
        cursor.execute(
            "UPDATE bus_idempotencykey SET expires_at = now() - interval '1 day' WHERE key = %s", [key]
        )


def test_an_expired_key_names_a_new_request(at_acme, owner):
    dispatch_once(PLANT, actor=owner, key="one")
    expire("one")

    assert not dispatch_once(SHOP, actor=owner, key="one").repeated


def test_only_expired_keys_are_deleted(at_acme, owner):
    dispatch_once(PLANT, actor=owner, key="old")
    expire("old")
    dispatch_once(SHOP, actor=owner, key="new")

    forget_expired_keys.apply(headers={"tenant": at_acme.id}, throw=True)
    assert [key.key for key in IdempotencyKey.objects.filter(key__in=["old", "new"])] == ["new"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE bus_idempotencykey SET fingerprint = 'other'",
        "DELETE FROM bus_idempotencykey",
        "TRUNCATE bus_idempotencykey",
    ],
)
def test_the_database_refuses_changes_of_a_used_key(at_acme, owner, statement):
    dispatch_once(PLANT, actor=owner, key="one")

    assert refused(statement) == NO_RIGHT


def test_a_secret_is_not_part_of_the_fingerprint():
    from apps.identity.commands import SetPassword

    assert fingerprint_of(SetPassword(user_id=1, password="a")) == fingerprint_of(
        SetPassword(user_id=1, password="b")
    )
