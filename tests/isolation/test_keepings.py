"""What is kept outside the tables: caches, sessions and files."""

from __future__ import annotations

import gc

import pytest
from django.core.cache import cache
from django.test import Client

from apps.kernel import caching
from apps.kernel.caching import Cached, tenant_cache_key
from apps.kernel.files import FileIsMissing, FileNameNotAllowed, files
from apps.kernel.queues import POLICIES
from apps.kernel.tenant import activate

from .conftest import FILE, SECRET

AREAS = ("currency:config", "billing:limits", "reports:trial_balance", "products:list", "inventory:stock")
"""Row CAC-05 names them."""


def keys() -> list[str]:
    return [key.decode() for key in caching._client().keys("*")]


@pytest.mark.parametrize("area", AREAS)
def test_what_one_tenant_keeps_the_other_does_not_find(acme, globex, area):
    with activate(globex):
        cache.set(area, SECRET)
    with activate(acme):
        assert cache.get(area) is None
        cache.set(area, "ours")
        cache.delete(area)
    with activate(globex):
        assert cache.get(area) == SECRET
    assert cache.get(area) is None  # nor does the platform


def test_both_ways_to_a_key_are_one(acme, globex):
    with activate(globex):
        assert tenant_cache_key("reports") == f"tenant:{globex.id}:reports"
    assert tenant_cache_key("reports", globex.id) == f"tenant:{globex.id}:reports"
    with activate(acme):
        assert tenant_cache_key("reports", globex.id) == f"tenant:{globex.id}:reports"


def test_every_cached_area_answers_each_tenant_for_itself(at_work, acme, globex):
    """With a loader that says who asked: an answer of the other's would be seen."""
    areas = [each for each in gc.get_objects() if isinstance(each, Cached) and each.of is None]
    assert areas
    for each in areas:
        copy = Cached(each.area + ".matrix", lambda key: tenant_cache_key(str(key)), ttl=60)
        for tenant in (acme, globex, acme):
            with activate(tenant):
                assert copy.get("7") == f"tenant:{tenant.id}:7"


def test_every_key_is_somebodys(at_work, client_for, owner):
    client_for(owner).get("/t/acme/")

    brokers = ("_kombu", "unacked", *POLICIES)  # here it shares the database with the cache
    assert any(key.startswith("tenant:") for key in keys())
    assert [key for key in keys() if not key.startswith(("tenant:", *brokers))] == []


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
