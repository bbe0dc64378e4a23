"""Tasks that only real workers of the tests know: `celery worker --include tests.support.workload`."""

from __future__ import annotations

import os
import signal
import threading
import time

from celery import shared_task

from apps.bus import dispatch
from apps.kernel.actors import System
from apps.kernel.cache import redis_client
from apps.kernel.queues.tasks import DefaultTask
from apps.kernel.tenant import current_tenant
from apps.notices.commands import AddNotificationChannel
from apps.settings.models import Setting

DIARY = "tests:diary"
RELEASED = "tests:released:{}"


def diary() -> list[str]:
    return [line.decode() for line in redis_client.client().lrange(DIARY, 0, -1)]


def write(line: str) -> None:
    redis_client.client().rpush(DIARY, line)


@shared_task(base=DefaultTask, name="tests.work", platform=True)
def work(name: str, seconds: float) -> None:
    write(f"{name} began")
    time.sleep(seconds)
    write(f"{name} ended")


@shared_task(base=DefaultTask, name="tests.early", platform=True, acks_late=False)
def early(name: str, seconds: float) -> None:
    """A negative control: acknowledged before its work is done."""
    write(f"{name} began")
    time.sleep(seconds)
    write(f"{name} ended")


def release(name: str) -> None:
    redis_client.client().set(RELEASED.format(name), 1)


@shared_task(base=DefaultTask, name="tests.hold", platform=True)
def hold(name: str) -> None:
    """Runs until `release(name)`."""
    write(f"{name} began")
    while not redis_client.client().exists(RELEASED.format(name)):
        time.sleep(0.05)
    write(f"{name} ended")


@shared_task(base=DefaultTask, name="tests.fall", platform=True)
def fall(name: str) -> None:
    """Kills its worker process on the first attempt."""
    times = sum(line == f"{name} began" for line in diary())
    write(f"{name} began")
    if not times:
        os.kill(os.getpid(), signal.SIGKILL)
    write(f"{name} ended")


@shared_task(base=DefaultTask, name="tests.poison", platform=True)
def poison(name: str) -> None:
    """Kills its worker process on each attempt."""
    write(f"{name} began")
    os.kill(os.getpid(), signal.SIGKILL)


@shared_task(base=DefaultTask, name="tests.stumble", platform=True, retry_backoff=1, retry_jitter=False)
def stumble(name: str) -> None:
    write(f"{name} began")
    raise ConnectionError("the network is away")


@shared_task(base=DefaultTask, name="tests.read")
def read() -> None:
    """Writes its tenant, the value of a setting that all tenants have, and its thread."""
    tenant = current_tenant()
    time.sleep(0.05)  # other threads run meanwhile
    slug = Setting.objects.get(key="tests.slug").value
    write(f"{tenant.slug if tenant else 'no tenant'} reads {slug} in {threading.get_ident()}")


@shared_task(base=DefaultTask, name="tests.add_channel")
def add_channel(name: str) -> None:
    """A command that needs a key of the installation."""
    command = AddNotificationChannel(name=name, address="jsons://hooks.example.com/books")
    try:
        dispatch(command, actor=System("Tests"))
    except Exception as error:
        write(f"{name} failed: {type(error).__name__}")
    else:
        write(f"{name} added")
