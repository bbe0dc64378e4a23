"""Messages from one process to all others: some may be lost, and a listener reconnects by itself."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from apps.kernel.cache import pubsub, redis_client
from apps.kernel.tenant import activate


class Notebook:
    """The messages received, and the number of connections in `begun`."""

    def __init__(self):
        self.messages, self.begun = [], 0

    def note(self, message):
        self.messages.append(message)

    def begin(self):
        self.begun += 1


@pytest.fixture
def notebook(db):
    return Notebook()


@pytest.fixture
def listener(notebook):
    listener = pubsub.subscribe("shelves", notebook.note, connected=notebook.begin)
    assert listener.listening.wait(5)
    yield listener
    listener.close()


def eventually(condition):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return False


def test_a_message_is_received_with_its_tenant(listener, notebook, acme):
    pubsub.publish("shelves", {"shelf": 3})
    with activate(acme):
        pubsub.publish("shelves", [1, 2])
    pubsub.publish("shelves", "named", tenant_id=99)

    assert eventually(lambda: len(notebook.messages) == 3)
    assert notebook.messages == [
        pubsub.Message("public", {"shelf": 3}),
        pubsub.Message(str(acme.id), [1, 2]),
        pubsub.Message("99", "named"),
    ]


def test_messages_on_other_channels_are_not_received(listener, notebook):
    pubsub.publish("tables", 1)
    pubsub.publish("shelves", 2)

    assert eventually(lambda: notebook.messages)
    assert [message.payload for message in notebook.messages] == [2]


def test_a_message_from_another_process_is_received(listener, notebook):
    code = "import django; django.setup(); from apps.kernel.cache import pubsub; pubsub.publish('shelves', 'hello')"

    subprocess.run([sys.executable, "-c", code], check=True)

    assert eventually(lambda: [message.payload for message in notebook.messages] == ["hello"])


def test_a_failing_handler_receives_the_next_message(db):
    received = []

    def take(message):
        received.append(message.payload)
        raise LookupError

    listener = pubsub.subscribe("fragile", take)
    assert listener.listening.wait(5)
    pubsub.publish("fragile", 1)
    pubsub.publish("fragile", 2)

    assert eventually(lambda: received == [1, 2])
    listener.close()


def test_the_last_message_received_is_the_value_stored(listener, notebook):
    """In any order of concurrent publishers."""

    def publish(publisher):
        for count in range(50):
            pubsub.set_and_publish("tenant:public:shelf", f"{publisher}-{count}", "shelves")

    with ThreadPoolExecutor(4) as publishers:
        list(publishers.map(publish, range(4)))

    assert eventually(lambda: len(notebook.messages) == 200)
    assert notebook.messages[-1].payload == [
        "tenant:public:shelf",
        redis_client.client().get("tenant:public:shelf").decode(),
    ]


def test_a_disconnected_listener_reconnects_then_calls_its_connected_hook(listener, notebook):
    mine = str(redis_client.client().connection_pool.connection_kwargs["db"])
    for connection in redis_client.client().client_list(_type="pubsub"):
        if connection["db"] == mine:
            redis_client.client().client_kill_filter(_id=connection["id"])

    assert eventually(lambda: notebook.begun == 2 and listener.listening.is_set())
    pubsub.publish("shelves", "again")
    assert eventually(lambda: [message.payload for message in notebook.messages] == ["again"])


def test_publishing_without_redis_is_no_error(settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(redis_client, "_clients", {})

    assert pubsub.publish("shelves", 1) is False
    with pytest.raises(redis.RedisError):
        redis_client.client().ping()


def test_a_second_listen_starts_no_thread(listener):
    before = threading.active_count()

    assert listener.listen() is False

    assert threading.active_count() == before
