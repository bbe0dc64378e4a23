"""Isolation of data outside the tables: caches, sessions and files."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.billing import queries as billing
from apps.billing.commands import ChangePlan, DefinePlan, PlanLimit
from apps.bus import dispatch
from apps.companies.models import Company
from apps.identity.models import User
from apps.kernel.actors import System
from apps.kernel.cache import caching, keys, redis_client
from apps.kernel.cache.caching import Cached
from apps.kernel.cache.keys import tenant_cache_key
from apps.kernel.files.store import FileIsMissing, FileNameNotAllowed, files
from apps.kernel.limits import LIMITS
from apps.kernel.queues.policies import POLICIES
from apps.kernel.tenant import TenantInfo, activate
from apps.settings.commands import ChangeSetting
from tests.support.attack_surface import text_of
from tests.support.devices import token as signed_in
from tests.support.programs import creation
from tests.support.served_flags import document, narrow, serve
from tests.support.two_at_work import FILE, FIRST, SECRET


@dataclass(frozen=True)
class CachedArea:
    """The keys of an area for globex, and whether all tenants share its values."""

    about_globex: Callable[[TenantInfo], Sequence[Hashable]]
    is_shared: bool = False


DIGEST = "d1" * 32


def _auditor(globex: TenantInfo) -> User:
    with activate(globex):
        return User.objects.get(email="auditor@globex.example")


AREAS = {
    "settings": CachedArea(lambda _: ["all"]),
    "api-sessions": CachedArea(lambda _: [FIRST]),
    "plans": CachedArea(lambda globex: [globex.id], is_shared=True),
    "directory": CachedArea(
        lambda globex: [f"id:{globex.id}", f"slug:{globex.slug}", "host:globex.localhost"], is_shared=True
    ),
    "service-tokens": CachedArea(lambda _: [DIGEST]),
    "inactive_tenants": CachedArea(lambda _: ["all"], is_shared=True),
    "companies": CachedArea(lambda _: ["first"]),
    "roles": CachedArea(lambda globex: [_auditor(globex).pk]),
    "flags": CachedArea(lambda _: ["all"]),
    "flags-usage": CachedArea(lambda _: ["identity.users"]),
    "flags-of-platform": CachedArea(lambda _: ["all"], is_shared=True),
}
"""All cached areas, with their real loaders: settings, plans and limits, token statuses, tokens of programs, roles of
users, first companies, flags, and the directory. A new area must be added here."""
KINDS = {*AREAS, "sessions", "throttle", "backoff", "queues"}
"""All kinds of keys in Redis: cached areas, sessions, counters of requests and sign-ins, and queues."""
ADDRESSES = (
    *("/api/v1/companies/companies/", "/api/v1/billing/plan/", "/plan/"),  # currency, limits
    *("/api/v1/inventory/items/", "/api/v1/inventory/moves/", "/inventory/item/"),  # inventory, products
    *("/api/v1/ledger/trial-balance/", "/ledger/trial-balance/", "/"),  # reports
)
"""Except for limits, none of these responses is cached: each is read from the database."""


def stored_keys() -> list[str]:
    return [key.decode() for key in redis_client.client().keys("*")]


def areas() -> list[Cached]:
    """The areas of Bursar; tests create others."""
    own = (area for area in caching.AREAS if area.load.__module__.startswith("apps."))
    return sorted(own, key=lambda area: area.area)


def kind(key: str) -> str:
    """`settings` of `tenant:7:settings:all@…`. Django adds a version number to its keys."""
    name = key.split(":", 2)[2].removeprefix("1:")
    return re.split(r"[:.]", name.removeprefix("django.contrib."))[0]


@pytest.fixture
def different_tenants(at_work, acme, globex, operator, owner):
    """Each tenant has different values, so that a response identifies its tenant."""
    small = DefinePlan(
        code=SECRET, name=SECRET, level=1, modules=(), limits=tuple(PlanLimit(name, 7) for name in LIMITS)
    )
    dispatch(small, actor=operator)
    dispatch(ChangePlan(tenant_id=globex.id, plan=SECRET, reason="It is small."), actor=operator)
    with activate(globex):
        _auditor(globex).groups.clear()  # a user of acme with this id has a role
        User.objects.filter(email="no-role@globex.example").update(is_active=False)
        Company.objects.create(pk=-7, code="FIRST", name=SECRET, currency="EUR")
        dispatch(ChangeSetting(key="periods.reason_length", value=23), actor=System("Globex"))
    signed_in(Client(), "owner@globex.example", "/t/globex")
    for tenant, name in ((acme, "of acme"), (globex, SECRET), (None, "of the platform")):
        with activate(tenant):
            _service_token(name)
            for _ in range(len(name)):
                narrow(enabled=False) if tenant else serve(document())


def _service_token(name: str) -> None:
    """With a digest that another tenant has too, which no token brings about."""
    user = User.objects.administrators().order_by("id")[0]
    account = dispatch(creation(user, name=name, scopes=("identity.view_user",)), actor=System("A script"))
    (token,) = account.tokens.all()
    token.pk, token.digest = None, DIGEST
    token.save(force_insert=True)


def cached_and_loaded(area: Cached, key: Hashable, tenant: TenantInfo | None) -> tuple[object, object]:
    """The cached and the freshly loaded value."""
    with activate(tenant):
        return area.get(key), area.load(key)


def leaking_areas(globex: TenantInfo, order: Sequence[TenantInfo | None]) -> set[str]:
    """Read in this order, from memory and from Redis; returns the areas with a value of another tenant."""
    wrong = set()
    for area in areas():
        for key in AREAS[area.area].about_globex(globex):
            for _ in range(2):
                for tenant in order:
                    cached, loaded = cached_and_loaded(area, key, tenant)
                    if cached != loaded:
                        wrong.add(area.area)
                area._memory.clear()  # like another process
    return wrong


def test_every_cached_area_is_tested():
    assert {area.area for area in areas()} == AREAS.keys()


@pytest.mark.parametrize("first", ["globex", "acme", "platform"])
def test_no_cached_area_leaks_in_any_order(different_tenants, acme, globex, first):
    order = {
        "globex": (globex, acme, None, globex),
        "acme": (acme, globex, None, acme),
        "platform": (None, acme, globex, None),
    }[first]

    assert leaking_areas(globex, order) == set()


def test_without_tenants_in_keys_leaks_are_detected(different_tenants, acme, globex, monkeypatch):
    """Control: if all tenants shared their keys, every area with different values would leak."""
    monkeypatch.setattr(caching, "tenant_cache_key", lambda key, tenant_id=None: f"tenant:all:{key}")

    leaking = leaking_areas(globex, (globex, acme))

    assert leaking == {name for name, area in AREAS.items() if not area.is_shared}


@pytest.mark.parametrize("area", sorted(name for name, area in AREAS.items() if not area.is_shared))
def test_an_invalidation_affects_one_tenant_only(different_tenants, acme, globex, area):
    """After an invalidation in acme, the value of globex is still cached."""
    (cached,) = [candidate for candidate in areas() if candidate.area == area]
    (key,) = AREAS[area].about_globex(globex)
    with activate(globex):
        before = cached.get(key)
    with activate(acme):
        cached.get(key)
        cached.invalidate()
    with activate(globex), CaptureQueriesContext(connection) as queries:
        assert cached.get(key) == before
    assert len(queries) == 0


def test_a_plan_is_cached_under_its_tenant(different_tenants, acme, globex):
    """Also when the platform or another tenant reads it; so it is removed with the tenant."""
    for tenant in (None, globex, acme):
        with activate(tenant):
            assert (billing.plan_of(globex.id).code, billing.plan_of(acme.id).code) == (SECRET, "all")
    for tenant in (globex, acme):
        with activate(tenant):
            assert billing.limit("identity.users") == (7 if tenant == globex else -1)

    names = {key.partition("@")[0] for key in stored_keys() if ":plans:" in key and not key.endswith("stamp")}
    assert names >= {f"tenant:{tenant.id}:plans:{tenant.id}" for tenant in (acme, globex)}
    assert {name for name in names if name.startswith("tenant:public:")} <= {"tenant:public:plans:0"}

    keys.forget_tenant(globex.id)

    assert [key for key in stored_keys() if key.startswith(f"tenant:{globex.id}:")] == []


def test_responses_are_not_shared_between_tenants(different_tenants, client_for, owner, globex):
    """Currency, limits, inventory, products and reports, each read by globex first, in the same process."""
    with activate(globex):
        there = client_for(User.objects.get(email="owner@globex.example"), globex)
    here = client_for(owner)
    for address in ADDRESSES:
        text_of_globex = text_of(there.get(f"/t/globex{address}"))
        response = here.get(f"/t/acme{address}")

        assert response.status_code == 200, address
        assert text_of(response) != text_of_globex, address
        assert SECRET not in text_of(response).lower(), address
    assert {kind(key) for key in stored_keys() if key.startswith("tenant:")} <= KINDS


def test_a_key_is_the_same_by_context_and_by_id(acme, globex):
    with activate(globex):
        assert tenant_cache_key("reports") == f"tenant:{globex.id}:reports"
    assert tenant_cache_key("reports", globex.id) == f"tenant:{globex.id}:reports"
    with activate(acme):
        assert tenant_cache_key("reports", globex.id) == f"tenant:{globex.id}:reports"


def test_every_key_has_a_tenant(at_work, client_for, owner):
    client_for(owner).get("/t/acme/")

    brokers = ("_kombu", "unacked", *POLICIES)  # here it shares the database with the cache
    assert any(key.startswith("tenant:") for key in stored_keys())
    assert [key for key in stored_keys() if not key.startswith(("tenant:", *brokers))] == []
    assert {kind(key) for key in stored_keys() if key.startswith("tenant:")} <= KINDS


def test_a_copied_session_is_refused_by_another_tenant(at_work, client_for, owner, globex):
    """The session is copied under the other tenant's prefix, as by an attacker with access to Redis."""
    client = client_for(owner)
    session_key = next(key for key in stored_keys() if "sessions" in key)
    redis_client.client().copy(session_key, session_key.replace("tenant:1:", f"tenant:{globex.id}:", 1))
    cookie = next(morsel.value for name, morsel in client.cookies.items() if "session" in name)
    intruder = Client()
    intruder.cookies[f"bursar_session_{globex.id}"] = cookie

    assert intruder.get("/t/globex/").status_code == 302


class TestFiles:
    def test_a_tenant_opens_its_own_file(self, untouched, acme):
        with activate(acme):
            assert SECRET.encode() not in files().open(FILE).read()

    @pytest.mark.parametrize(
        "name",
        [
            "../{globex}/" + FILE,
            "../../tenant-{globex}/" + FILE,
            "/" + FILE,
            "reports/../../{globex}/" + FILE,
            "reports/..%2f..%2f{globex}/" + FILE,
            "..\\{globex}\\" + FILE,
            "\x00" + FILE,
        ],
    )
    def test_no_name_opens_a_file_of_another_tenant(self, untouched, acme, globex, name):
        with activate(acme):
            for prefix in (globex.id, f"tenants/{globex.id}", globex.schema, globex.slug):
                wanted = name.replace("{globex}", str(prefix))
                with pytest.raises((FileNameNotAllowed, FileIsMissing, ValueError)):
                    files().open(wanted)
                with pytest.raises((FileNameNotAllowed, FileIsMissing, ValueError)):
                    files().delete(wanted)
                    raise FileIsMissing(name=wanted)  # deleting a missing file raises nothing

    def test_a_link_is_valid_for_its_tenant_only(self, untouched, acme, globex):
        with activate(globex):
            link = files().url(FILE)
        path = link.split("//", 1)[-1].split("/", 1)[-1].removeprefix("t/globex/")

        assert SECRET.encode() in b"".join(Client().get(f"/t/globex/{path}").streaming_content)
        assert Client().get(f"/t/acme/{path}").status_code in (403, 404)
        assert Client().get(f"/{path}").status_code in (403, 404)
