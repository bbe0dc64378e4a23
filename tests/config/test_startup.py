"""Processes that must not start do not."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from unittest.mock import Mock

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError

from config import startup
from config.startup import refuse_unsafe_settings

ROOT = Path(__file__).parents[2]


def test_the_web_process_does_not_start_with_unsafe_settings(db, settings):
    refuse_unsafe_settings()

    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}}
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
    with pytest.raises(ImproperlyConfigured, match=r"(?s)E002.*E003"):
        refuse_unsafe_settings()


def test_a_process_started_before_the_database_waits_for_it(db, monkeypatch):
    starting = OperationalError("the database system is starting up")
    checks = Mock(side_effect=[starting, starting, []])
    monkeypatch.setattr(startup, "run_checks", checks)
    monkeypatch.setattr(startup, "RETRY_AFTER_S", 0)

    refuse_unsafe_settings()

    assert checks.call_count == 3


def test_a_process_without_a_database_does_not_start(monkeypatch):
    monkeypatch.setattr(startup, "DATABASE_WAIT_S", 0)
    monkeypatch.setattr(startup, "run_checks", Mock(side_effect=OperationalError("away")))

    with pytest.raises(OperationalError):
        refuse_unsafe_settings()


def start(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    known = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DATABASE_", "REDIS_", "FILES_", "AUDIT_KEYS"))
    }
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=known | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def start_worker(*options: str, url: str) -> subprocess.CompletedProcess[str]:
    return start(
        f"import sys; sys.argv = ['celery', '-A', 'config', 'worker', '-P', 'solo', *{options!r}];"
        "from celery.__main__ import main; main()",
        DATABASE_URL=url,
        REDIS_URL=os.environ["REDIS_URL"],
    )


@pytest.mark.exhaustive("a worker for each wrong option", by=())
@pytest.mark.parametrize("options", [("-Q", "financial,default"), ("-Q", "low,financial"), ()])
def test_a_worker_with_payments_and_another_queue_does_not_start(db, options):
    """Without a word about queues it would take them all."""
    done = start_worker(*options, url=os.environ["DATABASE_URL"])

    assert done.returncode == 1
    assert "payments behind other tasks" in done.stdout + done.stderr
    assert "-Q financial" in done.stdout + done.stderr


@pytest.mark.exhaustive("starts a process", one_in=2)
def test_a_worker_does_not_start_as_the_owner(db):
    done = start_worker("-Q", "default", url=os.environ["DATABASE_OWNER_URL"])

    assert done.returncode != 0
    assert "tenancy.E008" in done.stdout + done.stderr


@pytest.mark.exhaustive("starts a process", one_in=2)
def test_the_web_process_of_production_starts_with_all_required_variables(db):
    done = start(
        "from config.keys.kinds import Kind, declare; declare(Kind.WEB);"
        "import django; django.setup(); from django.core.management import call_command;"
        "call_command('check', '--deploy', '--fail-level', 'WARNING')",
        DJANGO_SETTINGS_MODULE="config.settings.production",
        DATABASE_URL=os.environ["DATABASE_URL"],
        REDIS_URL=os.environ["REDIS_URL"],
        SECRET_KEY=secrets.token_urlsafe(50),
        PUBLIC_URL="https://bursar.example",
        BASE_DOMAIN="bursar.example",
        FILES_URL="s3://bursar?region=eu-central-1",
        FIELD_KEYS=f"one:{b64encode(secrets.token_bytes(32)).decode()}",
        TOKEN_KEYS=f"one:{b64encode(secrets.token_bytes(32)).decode()}",
    )

    assert done.returncode == 0, done.stderr
