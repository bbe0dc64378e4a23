"""The same house over RabbitMQ: the broker's URL is all that changes. Runs where a RabbitMQ is installed."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kombu import Connection

from tests.support.processes import ROOT, eventually
from tests.support.workers import Workers, has, kill
from tests.support.workload import diary

SERVER = shutil.which("rabbitmq-server", path="/usr/lib/rabbitmq/bin:" + os.environ["PATH"])
EPMD = shutil.which("epmd") or "epmd"
pytestmark = pytest.mark.skipif(SERVER is None, reason="no rabbitmq-server is installed")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
        return number


@pytest.fixture(scope="module")
def rabbit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a node of our own, with its own name server; both are gone afterwards."""
    home, port, names = tmp_path_factory.mktemp("rabbit"), free_port(), free_port()
    known = os.environ | {
        "HOME": str(home),
        "ERL_EPMD_PORT": str(names),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"bursar{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(home / "data"),
        "RABBITMQ_LOG_BASE": str(home / "log"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
    }
    name_server = subprocess.Popen([EPMD, "-port", str(names), "-address", "127.0.0.1"])
    with Path(home, "out").open("wb") as out:
        node = subprocess.Popen([str(SERVER)], env=known, stdout=out, stderr=out, start_new_session=True)
    url = f"amqp://guest:guest@127.0.0.1:{port}//"
    try:
        eventually(lambda: node.poll() is not None or listens(url), patience=90)
        assert node.poll() is None, Path(home, "out").read_text()[-2000:]
        yield url
    finally:
        kill(node)
        name_server.kill()
        name_server.wait()


def listens(url: str) -> bool:
    try:
        with Connection(url, connect_timeout=2) as connection:
            connection.connect()
    except OSError:
        return False
    return True


@pytest.fixture
def house(environment, rabbit) -> Iterator[House]:
    with Connection(rabbit) as connection, connection.channel() as channel:
        for queue in ("financial", "default", "billing", "audit", "low", "dead"):
            channel.queue_delete(queue)
    house = House(environment | {"BROKER_URL": rabbit}, rabbit)
    yield house
    house.workers.end()


class House:
    def __init__(self, known: dict[str, str], url: str) -> None:
        self.known, self.url, self.workers = known, url, Workers(known)

    def run(self, *command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=self.known, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def send(self, task: str, *args: object) -> None:
        """From another process, which knows the broker by its URL."""
        self.run(
            "-c",
            "import django; django.setup(); from tests.support import workload;"
            f"workload.{task}.delay(*{args!r})",
        )

    def depth(self, queue: str) -> int:
        with Connection(self.url) as connection, connection.channel() as channel:
            return int(channel.queue_declare(queue, passive=True).message_count)


def test_what_a_killed_worker_held_is_done_by_another_at_once(house):
    first = house.workers.start()
    house.send("work", "long", 8)
    eventually(lambda: has("long began"))
    house.workers.start()
    time.sleep(4)  # it is up, and has nothing to do

    kill(first)

    eventually(lambda: diary().count("long began") == 2, patience=3)
    eventually(lambda: has("long ended"))


def test_what_kills_its_workers_ends_among_the_dead(house):
    house.workers.start()

    house.send("poison", "pill")
    house.send("work", "after", 0)

    eventually(lambda: house.depth("dead") == 1, patience=60)
    assert 2 <= diary().count("pill began") <= 7
    eventually(lambda: has("after ended"))


def test_what_fails_for_now_waits_in_the_broker_and_is_tried_again(house):
    house.workers.start()

    house.send("stumble", "step")

    eventually(lambda: diary().count("step began") == 4, patience=40)


def test_depths_are_told_without_a_worker(house):
    house.workers.start()
    house.send("work", "none", 0)
    eventually(lambda: has("none ended"))
    house.workers.end()
    for name in ("one", "two"):
        house.send("work", name, 0)

    eventually(lambda: house.depth("default") == 2)
    told = json.loads(house.run("-m", "django", "queues", "--json"))["queues"]

    assert {each["queue"]: each["waiting"] for each in told} == {
        "financial": 0,
        "default": 2,
        "billing": 0,
        "audit": 0,
        "low": 0,
    }
