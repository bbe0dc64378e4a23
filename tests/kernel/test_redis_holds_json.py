"""Redis holds no pickle: reading one would run code that its writer chose."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

from django.conf import settings
from django.contrib.sessions.serializers import JSONSerializer
from django.core.signing import JSONSerializer as SignedJSON
from django.core.signing import TimestampSigner
from django.utils.module_loading import import_string

from apps.identity.accounts.tasks import send_password_link
from apps.kernel.cache.json_serializer import JsonSerializer
from apps.kernel.cache.redis_client import client as redis_client
from apps.kernel.tenant import activate
from config.celery import app

PICKLE_OPCODE = pickle.dumps(None)[:1]


def values() -> Iterator[bytes]:
    """All values of all types, of this process's database."""
    client = redis_client()
    readers = {
        b"string": lambda key: [client.get(key)],
        b"list": lambda key: client.lrange(key, 0, -1),
        b"hash": client.hvals,
        b"set": client.smembers,
        b"zset": lambda key: client.zrange(key, 0, -1),
    }
    for key in client.keys("*"):
        yield from (value for value in readers[client.type(key)](key) if value)


def test_pages_sessions_caches_and_messages_leave_no_pickle(acme, owner, client_for):
    client = client_for(owner)
    assert client.get("/t/acme/").status_code == 200
    with activate(acme):
        send_password_link.delay(owner.email)

    stored = [*values()]

    assert any(b"identity.send_password_link" in value for value in stored)
    assert any(b"_auth_user_id" in value for value in stored)
    assert [value for value in stored if value.startswith(PICKLE_OPCODE)] == []


def test_every_serializer_in_front_of_redis_is_json():
    assert import_string(settings.SESSION_SERIALIZER) is JSONSerializer
    assert {cache["OPTIONS"]["serializer"] for cache in settings.CACHES.values()} == {
        f"{JsonSerializer.__module__}.{JsonSerializer.__qualname__}"
    }
    assert app.conf.accept_content == ["json"]
    assert (app.conf.task_serializer, app.conf.result_serializer, app.conf.event_serializer) == ("json",) * 3
    assert SignedJSON in (TimestampSigner.sign_object.__defaults__ or ())
