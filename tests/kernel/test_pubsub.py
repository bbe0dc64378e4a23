"""A word from one process to all others. It may be lost, and the listener comes back by itself."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from apps.kernel import pubsub
from apps.kernel.tenant import activate


class Notebook:
    """What was heard. `begun` counts how often hearing began."""

    def __init__(self):
        self.words, self.begun = [], 0

    def note(self, word):
        self.words.append(word)

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


def test_what_is_said_is_heard_with_the_tenant_it_belongs_to(listener, notebook, acme):
    pubsub.publish("shelves", {"shelf": 3})
    with activate(acme):
        pubsub.publish("shelves", [1, 2])
    pubsub.publish("shelves", "named", tenant_id=99)

    assert eventually(lambda: len(notebook.words) == 3)
    assert notebook.words == [
        pubsub.Message("public", {"shelf": 3}),
        pubsub.Message(str(acme.id), [1, 2]),
        pubsub.Message("99", "named"),
    ]


def test_other_channels_are_not_heard(listener, notebook):
    pubsub.publish("tables", 1)
    pubsub.publish("shelves", 2)

    assert eventually(lambda: notebook.words)
    assert [word.payload for word in notebook.words] == [2]


def test_another_process_is_heard(listener, notebook):
    code = "import django; django.setup(); from apps.kernel import pubsub; pubsub.publish('shelves', 'hello')"

    subprocess.run([sys.executable, "-c", code], check=True)

    assert eventually(lambda: [word.payload for word in notebook.words] == ["hello"])


def test_a_handler_that_fails_hears_the_next_word(db):
    heard = []

    def take(word):
        heard.append(word.payload)
        raise LookupError

    listener = pubsub.subscribe("fragile", take)
    assert listener.listening.wait(5)
    pubsub.publish("fragile", 1)
    pubsub.publish("fragile", 2)

    assert eventually(lambda: heard == [1, 2])
    listener.close()


def test_what_is_heard_last_is_what_is_kept(listener, notebook):
    """However the sayers meet."""

    def say(sayer):
        for count in range(50):
            pubsub.set_and_publish("tenant:public:shelf", f"{sayer}-{count}", "shelves")

    with ThreadPoolExecutor(4) as sayers:
        list(sayers.map(say, range(4)))

    assert eventually(lambda: len(notebook.words) == 200)
    assert notebook.words[-1].payload == [
        "tenant:public:shelf",
        pubsub.client().get("tenant:public:shelf").decode(),
    ]


def test_an_ear_that_was_cut_off_comes_back_and_looks_for_itself(listener, notebook):
    mine = str(pubsub.client().connection_pool.connection_kwargs["db"])
    for each in pubsub.client().client_list(_type="pubsub"):
        if each["db"] == mine:
            pubsub.client().client_kill_filter(_id=each["id"])

    assert eventually(lambda: notebook.begun == 2 and listener.listening.is_set())
    pubsub.publish("shelves", "again")
    assert eventually(lambda: [word.payload for word in notebook.words] == ["again"])


def test_without_redis_saying_it_costs_nothing(settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(pubsub, "_clients", {})

    assert pubsub.publish("shelves", 1) is False
    with pytest.raises(redis.RedisError):
        pubsub.client().ping()


def test_listening_twice_is_one_thread(listener):
    before = threading.active_count()

    assert listener.listen() is False

    assert threading.active_count() == before
