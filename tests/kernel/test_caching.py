import pickle
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction

from apps.billing import queries as plans
from apps.identity.models import token_statuses
from apps.kernel.cache import caching, pubsub, redis_client, stamps
from apps.kernel.cache.caching import Cached
from apps.kernel.cache.keys import tenant_cache_key
from apps.kernel.tenant import activate
from apps.settings import queries as settings_queries
from apps.tenancy import directory


class Shelf:
    """A loader that counts its calls."""

    def __init__(self):
        self.load_count, self.content = 0, "first"

    def load(self, key):
        self.load_count += 1
        return f"{key}:{self.content}"


@pytest.fixture
def shelf(db):
    return Shelf()


@pytest.fixture
def shelf_cache(shelf):
    return Cached("shelf", shelf.load, shape=Any, ttl=60)


def in_redis(area):
    """The keys of the area's cached values, of all tenants."""
    return list(redis_client.client().scan_iter(match=f"tenant:*:{area}:*@*"))


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


def test_a_value_is_loaded_once_and_cached_per_tenant(shelf, shelf_cache, acme, globex):
    with activate(acme):
        assert shelf_cache.get("a") == shelf_cache.get("a") == "a:first"
    assert shelf.load_count == 1
    with activate(globex):
        shelf_cache.get("a")
    assert shelf.load_count == 2


class TestLifetime:
    """A cached value expires with its lifetime, even if its invalidation message was lost."""

    @pytest.fixture
    def later(self, monkeypatch):
        """`later(59)` advances the clock of this process by 59 s; Redis has a clock of its own."""

        def move(seconds):
            before = time.monotonic
            monkeypatch.setattr(caching.time, "monotonic", lambda: before() + seconds)

        return move

    def test_memory_returns_a_value_until_its_lifetime_is_over(self, shelf, shelf_cache, later):
        shelf_cache.get("a")
        redis_client.client().delete(*in_redis("shelf"))
        shelf.content = "second"

        later(59)
        assert shelf_cache.get("a") == "a:first"
        later(2)
        assert shelf_cache.get("a") == "a:second"

    def test_redis_stores_a_value_until_its_lifetime_is_over(self, shelf_cache):
        shelf_cache.get("a")

        (key,) = in_redis("shelf")
        assert 58 <= redis_client.client().ttl(key) <= 60

    def test_a_value_copied_from_redis_to_memory_has_no_second_lifetime(self, shelf, shelf_cache, later):
        shelf_cache.get("a")
        (key,) = in_redis("shelf")
        redis_client.client().expire(key, 5)  # as if 55 s had passed in Redis
        twin = Cached("shelf", shelf.load, shape=Any, ttl=60)
        twin.get("a")
        redis_client.client().delete(key)
        shelf.content = "second"

        later(4)
        assert twin.get("a") == "a:first"
        later(2)
        assert twin.get("a") == "a:second"

    @pytest.mark.parametrize(
        ("area", "cache_key", "seconds"),
        [
            (settings_queries.cached, "all", 3600),
            (plans.cached, 1, 300),
            (directory._directory, "slug:acme", 300),
            (directory._inactive_tenants, "all", 300),
            (token_statuses, 1, 60),
        ],
        ids=["settings", "plans", "directory", "inactive_tenants", "api-sessions"],
    )
    def test_the_values_of_each_area_have_its_lifetime(self, at_acme, area, cache_key, seconds):
        area.invalidate()
        area.get(cache_key)

        (key,) = in_redis(area.area)
        assert seconds - 2 <= redis_client.client().ttl(key) <= seconds


def test_memory_evicts_the_least_recently_read_value(shelf):
    small = Cached("shelf", shelf.load, shape=Any, ttl=60, size=2)
    for key in ("a", "b", "a", "c"):
        small.get(key)
    redis_client.client().delete(*in_redis("shelf"))
    shelf.content = "second"

    assert [small.get(key) for key in ("a", "c", "b")] == ["a:first", "c:first", "b:second"]


def test_an_empty_value_is_cached_too(db):
    loaded_keys = []
    empty = Cached("empty", lambda key: loaded_keys.append(key), shape=Any, ttl=60)

    assert empty.get("x") is empty.get("x") is None
    assert loaded_keys == ["x"]


def test_another_process_reads_the_value_from_redis(shelf, shelf_cache):
    shelf_cache.get("a")

    twin = Cached("shelf", shelf.load, shape=Any, ttl=60)

    assert twin.get("a") == "a:first"
    assert shelf.load_count == 1


def test_a_change_is_seen_by_its_own_transaction_at_once_and_by_every_other_after_the_commit(
    shelf, shelf_cache
):
    twin = Cached("shelf", shelf.load, shape=Any, ttl=60)
    assert shelf_cache.get("a") == twin.get("a")

    with transaction.atomic():
        shelf.content = "second"
        shelf_cache.invalidate()
        assert shelf_cache.get("a") == "a:second"
        with ThreadPoolExecutor(1) as elsewhere:
            assert elsewhere.submit(twin.get, "a").result() == "a:first"

    assert shelf_cache.get("a") == twin.get("a") == "a:second"


def test_a_change_that_is_rolled_back_invalidates_nothing(shelf, shelf_cache):
    shelf_cache.get("a")

    with transaction.atomic():
        shelf_cache.invalidate()
        transaction.set_rollback(True)

    shelf_cache.get("a")
    assert shelf.load_count == 1


def test_a_change_of_one_tenant_leaves_the_values_of_another(shelf, shelf_cache, acme, globex):
    for tenant in (acme, globex):
        with activate(tenant):
            shelf_cache.get("a")

    with activate(acme):
        shelf_cache.invalidate()

    with activate(globex):
        shelf_cache.get("a")
    assert shelf.load_count == 2


def test_an_invalidation_by_another_process_is_applied(shelf, shelf_cache):
    shelf_cache.get("a")
    shelf.content = "second"
    name = tenant_cache_key("shelf:stamp")

    pubsub.publish(stamps.CHANNEL, [name, stamps.new_stamp()])

    deadline = time.monotonic() + 5
    while shelf_cache.get("a") != "a:second" and time.monotonic() < deadline:
        time.sleep(0.01)
    assert shelf_cache.get("a") == "a:second"


def test_a_flushed_redis_brings_no_stale_value_back(shelf, shelf_cache):
    shelf_cache.get("a")
    shelf.content = "second"
    shelf_cache.invalidate()
    shelf_cache.get("a")
    shelf.content = "third"

    redis_client.client().flushdb()
    shelf_cache.invalidate()

    assert shelf_cache.get("a") == "a:third"


def test_without_redis_the_value_is_loaded_from_the_database(shelf, shelf_cache, settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(redis_client, "_clients", {})
    monkeypatch.setattr(stamps, "STAMPS", stamps.Stamps())

    assert shelf_cache.get("a") == "a:first"
    shelf_cache.invalidate()
    assert shelf_cache.get("a") == "a:first"


def test_an_uncommitted_value_is_not_cached(shelf, shelf_cache):
    """After a rollback, other processes would read a value that was never committed."""
    with transaction.atomic():
        shelf_cache.invalidate()
        shelf.content = "second"
        assert shelf_cache.get("a") == "a:second"
        shelf.content = "first"
        transaction.set_rollback(True)

    assert shelf_cache.get("a") == "a:first"


class Forged:
    """A pickle that runs code of its writer when it is read."""

    executed: list[str] = []

    def __reduce__(self):
        return (Forged.executed.append, ("code",))


@pytest.fixture
def forged():
    Forged.executed.clear()
    return pickle.dumps((Forged(),))


def test_a_forged_pickle_in_a_cached_area_runs_no_code_and_counts_as_missing(shelf, shelf_cache, forged):
    shelf_cache.get("a")
    (key,) = in_redis("shelf")
    redis_client.client().set(key, forged)

    assert Cached("shelf", shelf.load, shape=Any, ttl=60).get("a") == "a:first"
    assert Forged.executed == []
    assert shelf.load_count == 2


def test_a_value_of_another_shape_counts_as_missing(shelf, shelf_cache):
    shelf_cache.get("a")
    (key,) = in_redis("shelf")
    redis_client.client().set(key, b'{"not": "a text"}')

    assert Cached("shelf", shelf.load, shape=str, ttl=60).get("a") == "a:first"


def test_a_forged_pickle_in_djangos_cache_runs_no_code_and_counts_as_missing(acme, forged):
    with activate(acme):
        cache.set("currency", "USD")
        (key,) = redis_client.client().keys("*currency*")
        redis_client.client().set(key, forged)

        assert cache.get("currency") is None
    assert Forged.executed == []


def test_a_forged_session_runs_no_code_and_is_no_sign_in(client_for, owner, forged):
    client = client_for(owner)
    assert client.get("/t/acme/").status_code == 200
    (cookie,) = [cookie for name, cookie in client.cookies.items() if "session" in name]
    (key,) = redis_client.client().keys(f"*{cookie.value}")
    redis_client.client().set(key, forged)

    assert client.get("/t/acme/").status_code == 302
    assert Forged.executed == []


def test_the_keys_of_redis_after_a_visit_hold_json(client_for, owner):
    client_for(owner).get("/t/acme/")

    texts = [
        redis_client.client().get(key)
        for key in redis_client.client().keys("tenant:*")
        if redis_client.client().type(key) == b"string"
    ]
    assert texts
    assert not [text for text in texts if text.startswith(b"\x80")]
