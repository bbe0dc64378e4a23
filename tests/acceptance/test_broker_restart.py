"""A worker continues after its broker was restarted. The worker of Celery 5.7.0 exits here, so 5.6.3 is pinned.

docs/dependencies.md gives the cause. A newer Celery may be pinned when this test passes on it.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import redis
from kombu import Connection

from apps.kernel.queues.tenant_task import TenantTask
from config.embedded.binaries import valkey_server
from tests.support.processes import eventually, free_port
from tests.support.workers import Workers, has
from tests.support.workload import hold, release, work

pytestmark = pytest.mark.exhaustive("kills a broker of its own")


class Broker:
    """A Valkey with persistent data. The tasks write their diary to the Valkey of the suite."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                valkey_server(self.folder / "programs"),
                *f"--port {self.port} --bind 127.0.0.1 --appendonly yes".split(),
            ],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
        )
        eventually(self.responds)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def responds(self) -> bool:
        with suppress(redis.RedisError), redis.Redis.from_url(self.url) as client:
            return bool(client.ping())
        return False

    def publish(self, task: TenantTask, *arguments: object) -> None:
        with Connection(self.url) as connection:
            task.apply_async(arguments, connection=connection)

    def close_control_connection(self) -> None:
        """The one by which the worker receives remote control."""
        with redis.Redis.from_url(self.url) as client:
            assert client.client_kill_filter(_type="pubsub") == 1

    def polling_workers(self) -> int:
        with redis.Redis.from_url(self.url) as client:
            return int(client.info("clients")["blocked_clients"])

    def listening_workers(self) -> int:
        """Those connected again: a worker opens the connection for remote control last."""
        with redis.Redis.from_url(self.url) as client:
            return int(client.info("clients")["pubsub_clients"])

    def unacknowledged(self) -> int:
        with redis.Redis.from_url(self.url) as client:
            return int(client.hlen("unacked"))


@pytest.fixture
def broker(tmp_path) -> Iterator[Broker]:
    broker = Broker(tmp_path)
    yield broker
    broker.kill()


@pytest.fixture
def workers(environment, broker) -> Iterator[Workers]:
    workers = Workers(environment | {"BROKER_URL": broker.url})
    yield workers
    workers.end()


def test_a_worker_with_a_task_in_hand_and_a_free_process_continues_after_a_restart_of_redis(workers, broker):
    worker = workers.start("-c", "2")
    broker.publish(hold, "first")
    eventually(lambda: has("first began"))
    eventually(lambda: broker.polling_workers() == 1)  # for the free process

    worker.send_signal(signal.SIGSTOP)  # it notices the losses in their order, and only then
    broker.close_control_connection()
    broker.kill()
    worker.send_signal(signal.SIGCONT)
    broker.start()

    # The free process may idle until the first task ends: Celery limits the messages that a worker takes after a
    # restart, and a second delivery of the first task, which waits for the process of the first, counts.
    eventually(lambda: broker.listening_workers() == 1)
    broker.publish(work, "second", 0)
    release("first")
    eventually(lambda: has("first ended") and has("second ended"))
    eventually(lambda: broker.unacknowledged() == 0)
    assert worker.poll() is None
