import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache
from django.db import transaction

from apps.billing import queries as plans
from apps.identity.models import token_statuses
from apps.kernel import caching, pubsub
from apps.kernel.caching import Cached, tenant_cache_key
from apps.kernel.tenant import activate
from apps.settings import queries as settings_queries
from apps.tenancy import directory


class Shelf:
    """A loader that counts how often it is asked."""

    def __init__(self):
        self.asked, self.content = 0, "first"

    def load(self, key):
        self.asked += 1
        return f"{key}:{self.content}"


@pytest.fixture
def shelf(db):
    return Shelf()


@pytest.fixture
def kept(shelf):
    return Cached("shelf", shelf.load, ttl=60)


def in_redis(area):
    """The keys of the area's answers, of every tenant."""
    return list(caching._client().scan_iter(match=f"tenant:*:{area}:*@*"))


def test_the_key_of_a_tenant_is_exactly_this(acme):
    assert tenant_cache_key("reports:monthly", 7) == "tenant:7:reports:monthly"
    assert tenant_cache_key("reports:monthly") == "tenant:public:reports:monthly"
    with activate(acme):
        assert tenant_cache_key("reports:monthly") == f"tenant:{acme.id}:reports:monthly"
        assert tenant_cache_key("reports:monthly", 7) == "tenant:7:reports:monthly"


def test_djangos_own_cache_does_not_bleed_from_one_tenant_to_another(acme, globex):
    with activate(acme):
        cache.set("currency", "USD")
    with activate(globex):
        assert cache.get("currency") is None
        cache.set("currency", "EUR")
    with activate(acme):
        assert cache.get("currency") == "USD"


def test_an_answer_is_loaded_once_and_kept_per_tenant(shelf, kept, acme, globex):
    with activate(acme):
        assert kept.get("a") == kept.get("a") == "a:first"
    assert shelf.asked == 1
    with activate(globex):
        kept.get("a")
    assert shelf.asked == 2


class TestLifetime:
    """An answer ends with its lifetime, also when the push that it changed was lost."""

    @pytest.fixture
    def later(self, monkeypatch):
        """`later(59)`: the clock of this process goes on by 59 s; Redis has a clock of its own."""

        def move(seconds):
            before = time.monotonic
            monkeypatch.setattr(caching.time, "monotonic", lambda: before() + seconds)

        return move

    def test_memory_answers_until_the_lifetime_is_over(self, shelf, kept, later):
        kept.get("a")
        caching._client().delete(*in_redis("shelf"))
        shelf.content = "second"

        later(59)
        assert kept.get("a") == "a:first"
        later(2)
        assert kept.get("a") == "a:second"

    def test_redis_keeps_an_answer_until_the_lifetime_is_over(self, kept):
        kept.get("a")

        (key,) = in_redis("shelf")
        assert 58 <= caching._client().ttl(key) <= 60

    def test_what_memory_takes_from_redis_has_no_second_lifetime(self, shelf, kept, later):
        kept.get("a")
        (key,) = in_redis("shelf")
        caching._client().expire(key, 5)  # as if 55 s had gone by there
        twin = Cached("shelf", shelf.load, ttl=60)
        twin.get("a")
        caching._client().delete(key)
        shelf.content = "second"

        later(4)
        assert twin.get("a") == "a:first"
        later(2)
        assert twin.get("a") == "a:second"

    @pytest.mark.parametrize(
        ("area", "question", "seconds"),
        [
            (settings_queries.cached, "all", 3600),  # row CAC-07
            (plans.cached, 1, 300),
            (directory._directory, "slug:acme", 300),
            (directory._inactive_tenants, "all", 300),
            (token_statuses, 1, 60),
        ],
        ids=["settings", "plans", "directory", "inactive_tenants", "api-sessions"],
    )
    def test_the_answers_of_each_area_have_its_lifetime(self, at_acme, area, question, seconds):
        area.invalidate()
        area.get(question)

        (key,) = in_redis(area.area)
        assert seconds - 2 <= caching._client().ttl(key) <= seconds


def test_memory_keeps_the_answers_that_were_asked_for_last(shelf):
    small = Cached("shelf", shelf.load, ttl=60, size=2)
    for key in ("a", "b", "a", "c"):
        small.get(key)
    caching._client().delete(*in_redis("shelf"))
    shelf.content = "second"

    assert [small.get(key) for key in ("a", "c", "b")] == ["a:first", "c:first", "b:second"]


def test_none_is_an_answer_too(db):
    asked = []
    nothing = Cached("nothing", lambda key: asked.append(key), ttl=60)

    assert nothing.get("x") is nothing.get("x") is None
    assert asked == ["x"]


def test_another_process_finds_it_in_redis(shelf, kept):
    kept.get("a")

    twin = Cached("shelf", shelf.load, ttl=60)

    assert twin.get("a") == "a:first"
    assert shelf.asked == 1


def test_a_change_is_seen_by_its_own_transaction_at_once_and_by_every_other_after_the_commit(shelf, kept):
    twin = Cached("shelf", shelf.load, ttl=60)
    assert kept.get("a") == twin.get("a")

    with transaction.atomic():
        shelf.content = "second"
        kept.invalidate()
        assert kept.get("a") == "a:second"
        with ThreadPoolExecutor(1) as elsewhere:
            assert elsewhere.submit(twin.get, "a").result() == "a:first"

    assert kept.get("a") == twin.get("a") == "a:second"


def test_a_change_that_is_rolled_back_invalidates_nothing(shelf, kept):
    kept.get("a")

    with transaction.atomic():
        kept.invalidate()
        transaction.set_rollback(True)

    kept.get("a")
    assert shelf.asked == 1


def test_one_tenants_change_leaves_the_others_answers(shelf, kept, acme, globex):
    for tenant in (acme, globex):
        with activate(tenant):
            kept.get("a")

    with activate(acme):
        kept.invalidate()

    with activate(globex):
        kept.get("a")
    assert shelf.asked == 2


def test_a_push_from_elsewhere_is_heard(shelf, kept):
    kept.get("a")
    shelf.content = "second"
    name = tenant_cache_key("shelf:stamp")

    pubsub.publish(caching.CHANNEL, [name, caching.new_stamp()])

    deadline = time.monotonic() + 5
    while kept.get("a") != "a:second" and time.monotonic() < deadline:
        time.sleep(0.01)
    assert kept.get("a") == "a:second"


def test_a_flushed_redis_brings_nothing_old_back(shelf, kept):
    kept.get("a")
    shelf.content = "second"
    kept.invalidate()
    kept.get("a")
    shelf.content = "third"

    caching._client().flushdb()
    kept.invalidate()

    assert kept.get("a") == "a:third"


def test_without_redis_the_database_answers(shelf, kept, settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(pubsub, "_clients", {})
    monkeypatch.setattr(caching, "_stamps", caching._Stamps())

    assert kept.get("a") == "a:first"
    kept.invalidate()
    assert kept.get("a") == "a:first"


def test_what_a_transaction_reads_of_its_own_change_is_not_kept(shelf, kept):
    """It may be rolled back, and then everybody would have what never was."""
    with transaction.atomic():
        kept.invalidate()
        shelf.content = "second"
        assert kept.get("a") == "a:second"
        shelf.content = "first"
        transaction.set_rollback(True)

    assert kept.get("a") == "a:first"
