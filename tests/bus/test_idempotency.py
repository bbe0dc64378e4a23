"""Asked twice, done once: by the same caller, by two threads, by another payload, after a flushed cache."""

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from apps.audit.models import Record
from apps.bus import dispatch, dispatch_once, dry_run
from apps.bus import idempotency as keys
from apps.bus.errors import FactConflict, KeyReused, RequestInFlight
from apps.bus.idempotency import fact_of, fingerprint_of
from apps.bus.models import IdempotencyKey
from apps.bus.tasks import forget_expired_keys
from apps.companies.commands import FoundCompany
from apps.companies.errors import CompanyCodeTaken
from apps.companies.models import Company
from apps.kernel import caching
from apps.kernel.clock import moved_to, now
from apps.kernel.tenant import activate
from apps.ledger.models import Entry
from apps.payments.commands import RefundPayment
from tests.support.books import sale
from tests.support.sqlstate import NO_RIGHT, refused
from tests.support.threads import in_tenant, together

PLANT = FoundCompany(code="PLANT", name="Acme Plant", currency="EUR")
SHOP = FoundCompany(code="SHOP", name="Acme Shop", currency="EUR")


def test_the_second_time_gives_what_came_of_the_first(at_acme, owner):
    first = dispatch_once(PLANT, actor=owner, key="one", answer=lambda company: {"code": company.code})
    second = dispatch_once(PLANT, actor=owner, key="one", answer=lambda company: {"code": "never asked"})

    assert (first.repeated, second.repeated) == (False, True)
    assert first.result == second.result == Company.objects.get(code="PLANT")
    assert second.answer == {"code": "PLANT"}


def test_the_audit_log_tells_that_it_was_asked_again(at_acme, owner):
    for _ in range(2):
        dispatch_once(PLANT, actor=owner, key="one")

    outcomes = Record.objects.filter(command="companies.found_company").order_by("id")
    assert [outcome.outcome for outcome in outcomes][-2:] == ["done", "repeated"]


def test_refuses_the_key_with_another_request(at_acme, owner):
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


def test_the_other_tenant_knows_nothing_of_a_key(acme, globex, owner, operator):
    with activate(acme):
        dispatch_once(PLANT, actor=system(), key="one")
    with activate(globex):
        assert not dispatch_once(PLANT, actor=system(), key="one").repeated


def test_a_flushed_redis_changes_nothing(at_acme, owner):
    dispatch_once(PLANT, actor=owner, key="one")

    caching._client().flushdb()

    assert dispatch_once(PLANT, actor=owner, key="one").repeated


def test_one_key_from_many_threads_is_done_once(acme, owner):
    answers = together(8, lambda: dispatch_once(PLANT, actor=owner, key="one"), acme)

    with activate(acme):
        assert Company.objects.filter(code="PLANT").count() == 1
    done = [each for each in answers if not isinstance(each, Exception)]
    assert sum(not each.repeated for each in done) == 1
    assert {type(each) for each in answers if isinstance(each, Exception)} <= {RequestInFlight}


def test_who_asks_while_it_is_being_done_is_told_to_come_back(acme, owner, monkeypatch):
    claimed, may_end = threading.Event(), threading.Event()
    remember = keys._remember

    def slowly(*args):
        claimed.set()
        assert may_end.wait(10)
        remember(*args)

    monkeypatch.setattr(keys, "_remember", slowly)
    with ThreadPoolExecutor() as pool, activate(acme):
        first = pool.submit(in_tenant, acme, lambda: dispatch_once(PLANT, actor=owner, key="one"))
        assert claimed.wait(10)
        with pytest.raises(RequestInFlight) as caught:
            dispatch_once(PLANT, actor=owner, key="one")
        may_end.set()

    assert not first.result().repeated
    assert (caught.value.status, caught.value.retry_after) == (409, 1)


def test_without_the_lock_and_the_row_it_would_be_done_twice(acme, owner, chart, monkeypatch):
    """The control: an entry has no business key of its own, so nothing else would stop the second."""
    monkeypatch.setattr(keys, "_claims", lambda envelope: ())

    together(4, lambda: dispatch_once(sale(), actor=owner, key="one"), acme)

    assert Entry.objects.count() == 4


def test_an_entry_under_one_key_is_posted_once(acme, owner, chart):
    together(4, lambda: dispatch_once(sale(), actor=owner, key="one"), acme)

    assert Entry.objects.count() == 1


class Fact(FoundCompany):
    """A company that can be founded once, whoever asks."""

    def natural_key(self):
        return f"company_founded:{self.code}"


@pytest.fixture
def fact(monkeypatch):
    monkeypatch.setattr(FoundCompany, "natural_key", Fact.natural_key)
    monkeypatch.setattr(FoundCompany, "fact", ("code", "currency"))


def test_a_natural_key_needs_nobody_to_name_it(at_acme, owner, controller, fact):
    first = dispatch(PLANT, actor=owner)

    assert dispatch(PLANT, actor=system()) == first
    assert IdempotencyKey.objects.get(key="company_founded:PLANT").expires_at is None


def test_a_natural_key_refuses_the_fact_told_otherwise(at_acme, owner, fact):
    dispatch(PLANT, actor=owner)

    with pytest.raises(FactConflict) as caught:
        dispatch(FoundCompany(code="PLANT", name="Acme Plant", currency="USD"), actor=owner)

    assert caught.value.status == 409


def test_a_natural_key_knows_the_fact_in_other_words(at_acme, owner, fact):
    first = dispatch(PLANT, actor=owner)

    assert dispatch(FoundCompany(code="PLANT", name="The plant", currency="EUR"), actor=owner) == first
    assert Record.objects.latest("id").outcome == "repeated"


def test_a_callers_key_is_of_a_request_with_all_its_words(at_acme, owner, fact):
    dispatch_once(PLANT, actor=owner, key="one")

    with pytest.raises(KeyReused):
        dispatch_once(FoundCompany(code="PLANT", name="The plant", currency="EUR"), actor=owner, key="one")


def test_a_fact_that_was_kept_with_all_its_words_is_known_by_them(at_acme, owner, fact, monkeypatch):
    with monkeypatch.context() as before:
        before.setattr(keys, "fact_of", fingerprint_of)
        first = dispatch(PLANT, actor=owner)

    assert dispatch(PLANT, actor=owner) == first


def test_figures_are_the_same_however_many_noughts_they_have():
    def refunded(amount, reason):
        return fact_of(RefundPayment(payment_id=1, amount=Decimal(amount), reason=reason, reference="RMA-1"))

    assert refunded("2", "Bent") == refunded("2.00", "It was bent.")
    assert refunded("200", "Bent") == refunded("2E+2", "Bent") != refunded("2", "Bent")


def test_who_asks_for_a_fact_while_it_happens_waits_for_it(acme, owner, fact):
    answers = together(6, lambda: dispatch(PLANT, actor=system()), acme)

    assert len({each.pk for each in answers}) == 1


def test_what_moved_money_is_never_forgotten(at_acme, owner, chart):
    dispatch_once(PLANT, actor=owner, key="one")
    dispatch_once(sale(), actor=owner, key="two")

    assert IdempotencyKey.objects.get(key="one").expires_at is not None
    assert IdempotencyKey.objects.get(key="two").expires_at is None


def test_an_expired_key_names_a_new_request(at_acme, owner):
    with moved_to(now() - 2 * keys.KEPT):
        dispatch_once(PLANT, actor=owner, key="one")

    assert not dispatch_once(SHOP, actor=owner, key="one").repeated


def test_only_expired_keys_are_forgotten(at_acme, owner):
    with moved_to(now() - 2 * keys.KEPT):
        dispatch_once(PLANT, actor=owner, key="old")
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
def test_the_database_keeps_a_used_key(at_acme, owner, statement):
    dispatch_once(PLANT, actor=owner, key="one")

    assert refused(statement) == NO_RIGHT


def test_a_secret_is_not_part_of_the_fingerprint():
    from apps.identity.commands import SetPassword

    assert fingerprint_of(SetPassword(user_id=1, password="a")) == fingerprint_of(
        SetPassword(user_id=1, password="b")
    )
