"""The same workers over RabbitMQ: the broker's URL is all that changes. Runs where a RabbitMQ is installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from kombu import Connection

from config.embedded.home import home
from tests.support.processes import ROOT, eventually, free_port
from tests.support.workers import Workers, has, kill
from tests.support.workload import diary, release

SERVER = shutil.which("rabbitmq-server", path="/usr/lib/rabbitmq/bin:" + os.environ["PATH"])
EPMD = shutil.which("epmd") or "epmd"
QUEUES = ("financial", "default", "billing", "audit", "low", "dead")
PUBLISH = """
import json, sys, django
django.setup()
from tests.support import workload
for line in sys.stdin:
    task, arguments = json.loads(line)
    getattr(workload, task).delay(*arguments)
    print("sent", flush=True)
"""
pytestmark = [
    pytest.mark.exhaustive("a second broker; every other test has Valkey"),
    pytest.mark.skipif(SERVER is None, reason="no rabbitmq-server is installed"),
    pytest.mark.exhaustive("a broker of its own, and workers that are killed"),
    pytest.mark.xdist_group("rabbitmq"),  # one node takes more CPU to start than all of these tests
]


@pytest.fixture(scope="session")
def rabbitmq_url() -> Iterator[str]:
    """The URL of a node with its own name server. Both are gone afterwards, and so are their files."""
    port, names = free_port(), free_port()
    folder = home("test") / f"rabbitmq-{port}"
    folder.mkdir()
    known = os.environ | {
        "HOME": str(folder),
        "ERL_EPMD_PORT": str(names),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"bursar{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
    }
    name_server = subprocess.Popen([EPMD, "-port", str(names), "-address", "127.0.0.1"])
    with (folder / "out").open("wb") as out:
        node = subprocess.Popen([str(SERVER)], env=known, stdout=out, stderr=out, start_new_session=True)
    url = f"amqp://guest:guest@127.0.0.1:{port}//"
    try:
        eventually(lambda: node.poll() is not None or listens(url))
        assert node.poll() is None, (folder / "out").read_text()[-2000:]
        yield url
    finally:
        kill(node)
        name_server.kill()
        name_server.wait()
        eventually(lambda: not listens(url))  # the killed script was the parent of the node
        shutil.rmtree(folder)


def listens(url: str) -> bool:
    try:
        with Connection(url, connect_timeout=2) as connection:
            connection.connect()
    except OSError:
        return False
    return True


@contextmanager
def channel_of(url: str) -> Iterator[Any]:
    """A question about a queue that does not exist yet ends the block without an error."""
    with Connection(url) as connection, suppress(*connection.channel_errors), connection.channel() as channel:
        yield channel


@pytest.fixture(scope="session")
def publisher(rabbitmq_url: str) -> Iterator[subprocess.Popen[str]]:
    """A process that knows the broker by its URL and publishes the tasks that it reads."""
    process = subprocess.Popen(
        [sys.executable, "-c", PUBLISH],
        cwd=ROOT,
        env=os.environ | {"BROKER_URL": rabbitmq_url},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:  # its input ends, so that it ends
        yield process


@pytest.fixture
def broker(environment, rabbitmq_url, publisher) -> Iterator[Broker]:
    for queue in QUEUES:
        with channel_of(rabbitmq_url) as channel:
            channel.queue_purge(queue)
    broker = Broker(environment | {"BROKER_URL": rabbitmq_url}, rabbitmq_url, publisher)
    yield broker
    broker.end_workers()


class Broker:
    def __init__(self, environment: dict[str, str], url: str, publisher: subprocess.Popen[str]) -> None:
        self.environment, self.url, self.publisher = environment, url, publisher
        self.workers = Workers(environment)

    def end_workers(self) -> None:
        """Returns when the node has noticed: until then, messages that were not acknowledged are not in their queue."""
        self.workers.end()
        eventually(lambda: self.consumers("default") == 0)

    def start_worker(self, others: int = 0) -> subprocess.Popen[bytes]:
        """Returns when the worker consumes, in addition to `others` consumers."""
        process = self.workers.start()
        eventually(lambda: self.consumers("default") == others + 1)
        return process

    def publish(self, task: str, *arguments: object) -> None:
        assert self.publisher.stdin
        assert self.publisher.stdout
        self.publisher.stdin.write(json.dumps([task, arguments]) + "\n")
        self.publisher.stdin.flush()
        assert self.publisher.stdout.readline() == "sent\n"

    def depth(self, queue: str) -> int:
        return self._counts(queue)[0]

    def consumers(self, queue: str) -> int:
        return self._counts(queue)[1]

    def _counts(self, queue: str) -> tuple[int, int]:
        with channel_of(self.url) as channel:
            declared = channel.queue_declare(queue, passive=True)
            return declared.message_count, declared.consumer_count
        return 0, 0  # there is no such queue yet


def test_the_message_of_a_killed_worker_is_redelivered_to_another_at_once(broker):
    first = broker.start_worker()
    broker.publish("hold", "long")
    eventually(lambda: has("long began"))
    broker.start_worker(others=1)

    kill(first)

    eventually(lambda: diary().count("long began") == 2)
    release("long")
    eventually(lambda: has("long ended"))


def test_a_message_that_kills_its_workers_is_dead_lettered(broker):
    broker.start_worker()

    broker.publish("poison", "pill")
    broker.publish("work", "after", 0)

    eventually(lambda: broker.depth("dead") == 1)
    assert 2 <= diary().count("pill began") <= 7
    eventually(lambda: has("after ended"))


def test_a_task_that_fails_for_now_waits_in_the_broker_and_is_retried(broker):
    broker.start_worker()

    broker.publish("stumble", "step")

    eventually(lambda: diary().count("step began") == 4)


def test_depths_are_shown_without_a_worker(broker):
    broker.start_worker()
    broker.end_workers()
    for name in ("one", "two"):
        broker.publish("work", name, 0)

    eventually(lambda: broker.depth("default") == 2)
    shown = subprocess.run(
        [sys.executable, "-m", "django", "queues", "--json"],
        cwd=ROOT,
        env=broker.environment,
        stdout=subprocess.PIPE,
        check=True,
    )

    assert {row["queue"]: row["waiting"] for row in json.loads(shown.stdout)["queues"]} == {
        "financial": 0,
        "default": 2,
        "billing": 0,
        "audit": 0,
        "low": 0,
    }
