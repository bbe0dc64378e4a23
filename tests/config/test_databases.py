"""Which connections there are, from what the environment says."""

from __future__ import annotations

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import make_conninfo

from config.databases import Addresses, Pooling, all_connections, connections_of, named, shards

HOME = Addresses(runtime="postgresql://app:s%40y@db1:5433/bursar?sslmode=require")


def test_a_url_says_all_of_one_database() -> None:
    made = all_connections(HOME, {}, Pooling())

    assert set(made) == {"default", "control"}
    default = made["default"]
    assert (default["USER"], default["PASSWORD"]) == ("app", "s@y")
    assert (default["HOST"], default["PORT"], default["NAME"]) == ("db1", "5433", "bursar")
    assert default["OPTIONS"] == {"sslmode": "require"}
    assert default["TENANCY"] == {"role": True, "platform": False, "pooled": False}
    assert made["control"]["TENANCY"] == {"role": False, "platform": True, "pooled": False}


def test_without_hosts_to_read_from_both_are_one() -> None:
    assert "replica" not in connections_of(HOME, Pooling())


def test_equal_hosts_for_reading_and_writing_give_no_replica() -> None:
    one = Addresses(runtime=HOME.runtime, write="db1:5432,db2", read="db1,db2:5432")

    assert "replica" not in connections_of(one, Pooling())


def test_hosts_to_write_and_to_read_are_lists() -> None:
    made = connections_of(
        Addresses(runtime=HOME.runtime, write="db1,db2:5433", read="r1,[2001:db8::1]:6000"), Pooling()
    )

    default, replica = made["default"], made["replica"]
    assert (default["HOST"], default["PORT"]) == ("db1,db2", "5432,5433")
    assert default["OPTIONS"]["target_session_attrs"] == "read-write"
    assert (replica["HOST"], replica["PORT"]) == ("r1,2001:db8::1", "5432,6000")
    assert replica["OPTIONS"]["target_session_attrs"] == "prefer-standby"
    assert replica["OPTIONS"]["load_balance_hosts"] == "random"


def test_libpq_understands_what_is_made_of_lists() -> None:
    replica = connections_of(Addresses(runtime=HOME.runtime, read="r1,r2"), Pooling())["replica"]
    conninfo = make_conninfo(host=replica["HOST"], port=replica["PORT"], **replica["OPTIONS"])

    assert psycopg.pq.Conninfo.parse(conninfo.encode())


def test_a_url_may_hold_a_list_itself() -> None:
    default = connections_of(Addresses(runtime="postgresql://app:x@a:1,b:2/bursar"), Pooling())["default"]

    assert (default["HOST"], default["PORT"], default["USER"]) == ("a,b", "1,2", "app")


def test_a_shard_has_each_role_under_its_own_name() -> None:
    others = shards(
        runtime="east=postgresql://app:x@e1,e2/bursar,west=postgresql://app:x@w/bursar",
        owner="east=postgresql://owner:x@e1/bursar",
        relay="east=postgresql://relay:x@e1/bursar",
        read="east=r1,r2,west=r3",
    )
    made = all_connections(HOME, others, Pooling())

    assert set(made) == {
        *("default", "control"),
        *("default@east", "replica@east", "owner@east", "relay@east"),
        *("default@west", "replica@west"),
    }
    assert made["replica@east"]["HOST"] == "r1,r2"


@pytest.mark.parametrize("text", ["east", "=postgresql://x", "East=postgresql://x", "east="])
def test_a_database_without_a_name_or_address_is_refused(text: str) -> None:
    with pytest.raises(ImproperlyConfigured):
        named(text)


def test_an_owner_of_an_unknown_shard_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="west"):
        shards(runtime="east=postgresql://e/b", owner="west=postgresql://w/b", relay=None, read=None)


def test_no_shard_is_called_home() -> None:
    with pytest.raises(ImproperlyConfigured, match="home"):
        shards(runtime="home=postgresql://e/b", owner=None, relay=None, read=None)


def test_a_pool_keeps_its_connections_itself() -> None:
    default = connections_of(HOME, Pooling(pool=4))["default"]

    assert default["OPTIONS"]["pool"]["max_size"] == 4
    assert default["CONN_MAX_AGE"] == 0


def test_only_the_runtime_goes_through_a_pooler() -> None:
    home = Addresses(runtime=HOME.runtime, owner="postgresql://o@db/b", relay="postgresql://r@db/b")
    made = all_connections(home, {"east": home}, Pooling(pooled=True))

    through = {alias for alias, connection in made.items() if connection["TENANCY"]["pooled"]}
    assert through == {"default", "control", "default@east"}
    assert {alias for alias, connection in made.items() if "ATOMIC_REQUESTS" in connection} == {"default"}
    assert made["default"]["DISABLE_SERVER_SIDE_CURSORS"]
