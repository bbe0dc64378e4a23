"""What is kept outside the tables: caches, sessions and files."""

from __future__ import annotations

import gc
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
from apps.identity.models import User
from apps.kernel import caching
from apps.kernel.actors import System
from apps.kernel.caching import Cached, tenant_cache_key
from apps.kernel.files import FileIsMissing, FileNameNotAllowed, files
from apps.kernel.limits import LIMITS
from apps.kernel.queues import POLICIES
from apps.kernel.tenant import TenantInfo, activate
from apps.settings.commands import ChangeSetting
from tests.support.attack_surface import said
from tests.support.devices import token as signed_in
from tests.support.two_at_work import FILE, FIRST, SECRET


@dataclass(frozen=True)
class Kept:
    """What is asked of an area about globex, and whether the platform answers everybody alike."""

    about_globex: Callable[[TenantInfo], Sequence[Hashable]]
    is_shared: bool = False


AREAS = {
    "settings": Kept(lambda _: ["all"]),
    "api-sessions": Kept(lambda _: [FIRST]),
    "plans": Kept(lambda globex: [globex.id], is_shared=True),
    "directory": Kept(
        lambda globex: [f"id:{globex.id}", f"slug:{globex.slug}", "host:globex.localhost"], is_shared=True
    ),
    "inactive_tenants": Kept(lambda _: ["all"], is_shared=True),
}
"""Everything that we keep beside the tables, with its real loader: settings (the business's own, so what is shown in
which currency), plans and their limits, who is logged in, and where a tenant is. A new area must be named here."""
KINDS = {*AREAS, "sessions", "throttle", "allauth", "queues"}
"""What may stand in Redis at all: those areas, sessions, the counts of who asks or tries to log in how often,
and what waits in queues."""
QUESTIONS = (
    *("/api/v1/companies/companies/", "/api/v1/billing/plan/", "/plan/"),  # currency, limits
    *("/api/v1/inventory/items/", "/api/v1/inventory/moves/", "/inventory/item/"),  # inventory, products
    *("/api/v1/ledger/trial-balance/", "/ledger/trial-balance/", "/"),  # reports
)
"""The areas of row CAC-05. But for limits none of them is kept: each answer is read when it is asked for."""


def keys() -> list[str]:
    return [key.decode() for key in caching._client().keys("*")]


def areas() -> list[Cached]:
    """Those of the product; tests make some too."""
    gc.unfreeze()
    found = (each for each in gc.get_objects() if isinstance(each, Cached))
    return sorted(
        (each for each in found if each.load.__module__.startswith("apps.")), key=lambda each: each.area
    )


def kind(key: str) -> str:
    """`settings` of `tenant:7:settings:all@…`. Django numbers the versions of what it keeps."""
    said = key.split(":", 2)[2].removeprefix("1:")
    return re.split(r"[:.]", said.removeprefix("django.contrib."))[0]


@pytest.fixture
def apart(at_work, acme, globex, operator, owner):
    """What each has is its own, so that an answer says whose it is."""
    small = DefinePlan(
        code=SECRET, name=SECRET, level=1, modules=(), limits=tuple(PlanLimit(name, 7) for name in LIMITS)
    )
    dispatch(small, actor=operator)
    dispatch(ChangePlan(tenant_id=globex.id, plan=SECRET, reason="It is small."), actor=operator)
    with activate(globex):
        dispatch(ChangeSetting(key="periods.reason_length", value=23), actor=System("Globex"))
    signed_in(Client(), "owner@globex.example", "/t/globex")


def heard(area: Cached, key: Hashable, who: TenantInfo | None) -> tuple[object, object]:
    """What is answered, and what ought to be."""
    with activate(who):
        return area.get(key), area.load(key)


def bled(globex: TenantInfo, order: Sequence[TenantInfo | None]) -> set[str]:
    """Ask in turn, from memory and from Redis, and say where somebody heard what is not his."""
    wrong = set()
    for area in areas():
        for key in AREAS[area.area].about_globex(globex):
            for _ in range(2):
                for who in order:
                    said, true = heard(area, key, who)
                    if said != true:
                        wrong.add(area.area)
                area._memory.clear()  # as another process
    return wrong


def test_every_area_is_attacked():
    assert {area.area for area in areas()} == AREAS.keys()


@pytest.mark.parametrize("first", ["globex", "acme", "platform"])
def test_whoever_asks_first_the_next_hears_his_own(apart, acme, globex, first):
    order = {
        "globex": (globex, acme, None, globex),
        "acme": (acme, globex, None, acme),
        "platform": (None, acme, globex, None),
    }[first]

    assert bled(globex, order) == set()


def test_without_names_of_tenants_the_attack_is_seen(apart, acme, globex, monkeypatch):
    """The control: were all keys one tenant's, it would find every area that is not the same for all."""
    monkeypatch.setattr(caching, "tenant_cache_key", lambda key, tenant_id=None: f"tenant:all:{key}")

    found = bled(globex, (globex, acme))

    assert found == {name for name, each in AREAS.items() if not each.is_shared}


@pytest.mark.parametrize("area", sorted(name for name, each in AREAS.items() if not each.is_shared))
def test_what_acme_changes_is_globexs_no_less(apart, acme, globex, area):
    """An acme that forgets its own leaves the other's where it is: nobody asks the tables again for it."""
    (kept,) = [each for each in areas() if each.area == area]
    (key,) = AREAS[area].about_globex(globex)
    with activate(globex):
        before = kept.get(key)
    with activate(acme):
        kept.get(key)
        kept.invalidate()
    with activate(globex), CaptureQueriesContext(connection) as asked:
        assert kept.get(key) == before
    assert len(asked) == 0


def test_a_plan_is_kept_under_the_name_of_its_tenant(apart, acme, globex):
    """Whoever asks, the platform too; so it goes with the tenant (rows CAC-02 and CAC-03)."""
    for who in (None, globex, acme):
        with activate(who):
            assert (billing.plan_of(globex.id).code, billing.plan_of(acme.id).code) == (SECRET, "all")
    for tenant in (globex, acme):
        with activate(tenant):
            assert billing.limit("identity.users") == (7 if tenant == globex else -1)

    kept = {key.partition("@")[0] for key in keys() if ":plans:" in key and not key.endswith("stamp")}
    assert kept >= {f"tenant:{each.id}:plans:{each.id}" for each in (acme, globex)}
    assert {key for key in kept if key.startswith("tenant:public:")} <= {"tenant:public:plans:0"}

    caching.forget_tenant(globex.id)

    assert [key for key in keys() if key.startswith(f"tenant:{globex.id}:")] == []


def test_what_the_other_was_answered_one_is_not(apart, client_for, owner, globex):
    """Currency, limits, inventory, products and reports, each asked by globex first, in this very process."""
    with activate(globex):
        there = client_for(User.objects.get(email="owner@globex.example"), globex)
    here = client_for(owner)
    for question in QUESTIONS:
        theirs = said(there.get(f"/t/globex{question}"))
        ours = here.get(f"/t/acme{question}")

        assert ours.status_code == 200, question
        assert said(ours) != theirs, question
        assert SECRET not in said(ours).lower(), question
    assert {kind(key) for key in keys() if key.startswith("tenant:")} <= KINDS


def test_both_ways_to_a_key_are_one(acme, globex):
    with activate(globex):
        assert tenant_cache_key("reports") == f"tenant:{globex.id}:reports"
    assert tenant_cache_key("reports", globex.id) == f"tenant:{globex.id}:reports"
    with activate(acme):
        assert tenant_cache_key("reports", globex.id) == f"tenant:{globex.id}:reports"


def test_every_key_is_somebodys(at_work, client_for, owner):
    client_for(owner).get("/t/acme/")

    brokers = ("_kombu", "unacked", *POLICIES)  # here it shares the database with the cache
    assert any(key.startswith("tenant:") for key in keys())
    assert [key for key in keys() if not key.startswith(("tenant:", *brokers))] == []
    assert {kind(key) for key in keys() if key.startswith("tenant:")} <= KINDS


def test_a_session_is_of_its_tenant(at_work, client_for, owner, globex):
    """The very key, under the other tenant's prefix, as one who could write to Redis would put it."""
    client = client_for(owner)
    mine = next(key for key in keys() if "sessions" in key)
    caching._client().copy(mine, mine.replace("tenant:1:", f"tenant:{globex.id}:", 1))
    cookie = next(morsel.value for name, morsel in client.cookies.items() if "session" in name)
    intruder = Client()
    intruder.cookies[f"bursar_session_{globex.id}"] = cookie

    assert intruder.get("/t/globex/").status_code == 302


class TestFiles:
    def test_one_tenant_has_not_the_others(self, untouched, acme):
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
    def test_no_name_leads_there(self, untouched, acme, globex, name):
        with activate(acme):
            for prefix in (globex.id, f"tenants/{globex.id}", globex.schema, globex.slug):
                wanted = name.replace("{globex}", str(prefix))
                with pytest.raises((FileNameNotAllowed, FileIsMissing, ValueError)):
                    files().open(wanted)
                with pytest.raises((FileNameNotAllowed, FileIsMissing, ValueError)):
                    files().delete(wanted)
                    raise FileIsMissing(name=wanted)  # deleting what is not there says nothing

    def test_a_link_opens_where_it_was_made(self, untouched, acme, globex):
        with activate(globex):
            link = files().url(FILE)
        path = link.split("//", 1)[-1].split("/", 1)[-1].removeprefix("t/globex/")

        assert SECRET.encode() in b"".join(Client().get(f"/t/globex/{path}").streaming_content)
        assert Client().get(f"/t/acme/{path}").status_code in (403, 404)
        assert Client().get(f"/{path}").status_code in (403, 404)
