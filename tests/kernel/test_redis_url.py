"""One address for a Redis, single or under Sentinels; tested with real servers, whose master is killed."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from celery import Celery
from django.core.cache.backends.redis import RedisCache

from apps.kernel.cache.redis_url import SentinelRedis, client_of
from config.embedded import CannotStart
from config.embedded.binaries import valkey_server

PASSWORD = "of-the-store"
OF_SENTINELS = "of-the-sentinels"
SERVICE = "bursar"


def test_a_sentinel_address_is_parsed():
    address = SentinelRedis.read(
        "redis+sentinel://app:s%40fe@s1,s2:26380/bursar/3?sentinel_password=other&sentinel_username=w"
    )

    assert address.sentinels == (("s1", 26379), ("s2", 26380))
    assert (address.service, address.database) == ("bursar", 3)
    assert (address.username, address.password) == ("app", "s@fe")
    assert dict(address.of_sentinels) == {"username": "w", "password": "other"}


def test_a_sentinel_address_is_translated_for_celery():
    address = SentinelRedis.read("redis+sentinel://:s%40fe@s1,s2:26380/bursar/3?sentinel_password=other")

    assert address.broker_url == "sentinel://:s%40fe@s1:26379/3;sentinel://:s%40fe@s2:26380/3"
    assert address.broker_options == {"master_name": "bursar", "sentinel_kwargs": {"password": "other"}}


@pytest.mark.parametrize("url", ["redis+sentinel://s1:26379", "redis+sentinel:///bursar/0"])
def test_an_incomplete_address_is_refused_but_not_shown(url):
    with pytest.raises(ValueError, match="service") as refused:
        SentinelRedis.read(url)
    assert "26379" not in str(refused.value)


class SentinelCluster:
    """A master, its replica and one Sentinel with a quorum of one."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.program = folder, valkey_server(folder / "programs")
        self.master, self.replica, self.sentinel = (_free_port() for _ in range(3))
        common = f'bind 127.0.0.1\nsave ""\nappendonly no\nrequirepass {PASSWORD}\nmasterauth {PASSWORD}\n'
        self.processes = {
            "master": self._start("master", f"port {self.master}\n{common}"),
            "replica": self._start(
                "replica",
                f"port {self.replica}\n{common}replicaof 127.0.0.1 {self.master}\nrepl-diskless-sync-delay 0\n",
            ),
        }
        _eventually(lambda: _info(self.replica)["master_link_status"] == "up")
        self.processes["sentinel"] = self._start(
            "sentinel",
            f"bind 127.0.0.1\nport {self.sentinel}\nrequirepass {OF_SENTINELS}\n"
            f"sentinel monitor {SERVICE} 127.0.0.1 {self.master} 1\nsentinel auth-pass {SERVICE} {PASSWORD}\n"
            f"sentinel down-after-milliseconds {SERVICE} 500\nsentinel failover-timeout {SERVICE} 2000\n",
            "--sentinel",
        )
        with redis.Redis(port=self.sentinel, password=OF_SENTINELS) as sentinel:
            _eventually(lambda: len(sentinel.sentinel_slaves(SERVICE)) == 1)

    @property
    def url(self) -> str:
        return f"redis+sentinel://:{PASSWORD}@127.0.0.1:{self.sentinel}/{SERVICE}/0?sentinel_password={OF_SENTINELS}"

    def end(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()

    def _start(self, name: str, configuration: str, *options: str) -> subprocess.Popen[bytes]:
        file = self.folder / f"{name}.conf"
        file.write_text(configuration)
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen([self.program, file, *options], cwd=self.folder, stdout=log, stderr=log)


@pytest.fixture(scope="module")
def cluster() -> Iterator[SentinelCluster]:
    with tempfile.TemporaryDirectory() as folder:
        try:
            cluster = SentinelCluster(Path(folder))
        except (CannotStart, AssertionError, OSError, redis.RedisError) as reason:
            pytest.skip(f"no Sentinel can be started here: {reason}")
        yield cluster
        cluster.end()


@pytest.mark.exhaustive("a Sentinel that elects another master")
def test_cache_broker_client_continue_with_the_next_master(cluster):
    client = client_of(cluster.url, socket_timeout=2, socket_connect_timeout=1)
    cache = RedisCache(cluster.url, {"OPTIONS": {"pool_class": "apps.kernel.cache.redis_url.SentinelPool"}})
    address = SentinelRedis.read(cluster.url)
    celery = Celery(broker=address.broker_url, set_as_current=False)
    celery.conf.broker_transport_options = address.broker_options
    client.set("stored", 7)
    cache.set("also", {"a": 1})
    with celery.connection_for_write() as connection:
        queue = connection.SimpleQueue("q")
        queue.put({"n": 1})
        queue.close()
    assert client.llen("q") == 1
    assert client.wait(1, 2000) == 1

    cluster.processes["master"].kill()

    _eventually(lambda: _try(lambda: client.get("stored")) == b"7")
    assert client.info("server")["tcp_port"] == cluster.replica
    assert cache.get("also") == {"a": 1}
    with celery.connection_for_write() as connection:
        queue = connection.SimpleQueue("q")
        assert queue.get(timeout=120).payload == {"n": 1}
        queue.close()


def _try(query):
    try:
        return query()
    except redis.RedisError:
        return None


def _info(port: int) -> dict[str, object]:
    with redis.Redis(port=port, password=PASSWORD) as client:
        return _try(lambda: client.info("replication")) or {"master_link_status": "down"}


def _eventually(condition, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
