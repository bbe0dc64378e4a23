"""A word from one process to all others. It may be lost, and the ear comes back by itself."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from apps.kernel import wake
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
def ear(notebook):
    ear = wake.subscribe("shelves", notebook.note, connected=notebook.begin)
    assert ear.hearing.wait(5)
    yield ear
    ear.close()


def eventually(condition):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return False


def test_what_is_said_is_heard_with_the_tenant_it_belongs_to(ear, notebook, acme):
    wake.publish("shelves", {"shelf": 3})
    with activate(acme):
        wake.publish("shelves", [1, 2])
    wake.publish("shelves", "named", tenant_id=99)

    assert eventually(lambda: len(notebook.words) == 3)
    assert notebook.words == [
        wake.Word("public", {"shelf": 3}),
        wake.Word(str(acme.id), [1, 2]),
        wake.Word("99", "named"),
    ]


def test_other_channels_are_not_heard(ear, notebook):
    wake.publish("tables", 1)
    wake.publish("shelves", 2)

    assert eventually(lambda: notebook.words)
    assert [word.payload for word in notebook.words] == [2]


def test_another_process_is_heard(ear, notebook):
    code = "import django; django.setup(); from apps.kernel import wake; wake.publish('shelves', 'hello')"

    subprocess.run([sys.executable, "-c", code], check=True)

    assert eventually(lambda: [word.payload for word in notebook.words] == ["hello"])


def test_a_handler_that_fails_hears_the_next_word(db):
    heard = []

    def take(word):
        heard.append(word.payload)
        raise LookupError

    ear = wake.subscribe("fragile", take)
    assert ear.hearing.wait(5)
    wake.publish("fragile", 1)
    wake.publish("fragile", 2)

    assert eventually(lambda: heard == [1, 2])
    ear.close()


def test_what_is_heard_last_is_what_is_kept(ear, notebook):
    """However the sayers meet."""

    def say(sayer):
        for count in range(50):
            wake.keep_and_publish("tenant:public:shelf", f"{sayer}-{count}", "shelves")

    with ThreadPoolExecutor(4) as sayers:
        list(sayers.map(say, range(4)))

    assert eventually(lambda: len(notebook.words) == 200)
    assert notebook.words[-1].payload == [
        "tenant:public:shelf",
        wake.client().get("tenant:public:shelf").decode(),
    ]


def test_an_ear_that_was_cut_off_comes_back_and_looks_for_itself(ear, notebook):
    mine = str(wake.client().connection_pool.connection_kwargs["db"])
    for each in wake.client().client_list(_type="pubsub"):
        if each["db"] == mine:
            wake.client().client_kill_filter(_id=each["id"])

    assert eventually(lambda: notebook.begun == 2 and ear.hearing.is_set())
    wake.publish("shelves", "again")
    assert eventually(lambda: [word.payload for word in notebook.words] == ["again"])


def test_without_redis_saying_it_costs_nothing(settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(wake, "_clients", {})

    assert wake.publish("shelves", 1) is False
    with pytest.raises(redis.RedisError):
        wake.client().ping()


def test_listening_twice_is_one_thread(ear):
    before = threading.active_count()

    assert ear.listen() is False

    assert threading.active_count() == before
