"""The processes of Bursar and the environment of each.

As in production, each process has only its own keys and credentials (config/keys), so that a missing one is found in
development.
"""

from __future__ import annotations

import sys
from pathlib import Path

from apps.kernel.queues.policies import POOLS
from config import embedded
from config.env import env, for_child
from config.keys.kinds import Kind
from config.keys.table import withheld_from

from .process import Process

MANAGE = (sys.executable, "manage.py")
CELERY = (sys.executable, "-m", "celery", "--quiet", "--app", "config")


def preparations() -> list[Process]:
    """Run one by one before all other processes, and only add missing data."""
    return [
        Process(
            "migrate",
            "migrating the schemas",
            [*MANAGE, "migrate_schemas", "--verbosity", "0"],
            _environment(Kind.MIGRATION),
            advice=f"Data that these migrations refuse: remove {embedded.home('dev')}; the next run creates it again.",
        ),
        Process("demo", "creating the demo tenants", [*MANAGE, "demo"], _environment(Kind.OPERATOR)),
    ]


def stages() -> list[list[Process]]:
    """In the order of stopping: producers of work, workers, web."""
    return [[beat(), relay()], [*(worker(pool) for pool in POOLS), backup_worker()], [web()]]


def web() -> Process:
    return Process(
        "web",
        "the consoles and the API",
        [
            *(sys.executable, "-m", "gunicorn", "--config", "python:config.web.server"),
            *("--bind", f"127.0.0.1:{env().port}", "--workers", "1"),
            *("--graceful-timeout", "5", "--log-level", "warning"),
        ],
        _environment(Kind.WEB),
        grace=8,
    )


def relay(name: str = "relay") -> Process:
    return Process(
        name,
        "publishes events to the workers",
        [*MANAGE, "relay"],
        _environment(Kind.RELAY),
    )


def backup_worker() -> Process:
    return Process(
        "backup_worker",
        "makes and verifies backups",
        [*MANAGE, "backup_worker"],
        _environment(Kind.BACKUP_WORKER),
        grace=env().worker_grace + 5,
    )


def worker(pool: str, name: str = "") -> Process:
    """A worker of a pool; `name` distinguishes several."""
    return Process(
        name or pool,
        f"runs tasks of {pool}",
        [
            *(*CELERY, "worker", "--queues", ",".join(POOLS[pool]), "--hostname", f"{name or pool}@%h"),
            *("--pool", "prefork", "--concurrency", "1"),  # time limits need a child to end
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
            *("--loglevel", env().log_level),
        ],
        # On SIGTERM it requeues tasks that do not finish in time.
        _environment(Kind(pool)) | {"REMAP_SIGTERM": "SIGQUIT"},
        grace=env().worker_grace + 5,
    )


def beat() -> Process:
    return Process(
        "beat",
        "starts scheduled tasks",
        [
            *(*CELERY, "beat", "--loglevel", env().log_level, "--pidfile", ""),
            *("--schedule", str(embedded.home("dev") / "beat-schedule")),
        ],
        _environment(Kind.BEAT),
    )


def metrics_folder() -> Path:
    """Folder of metrics of all processes."""
    return embedded.home("dev") / "metrics"


def _environment(kind: Kind) -> dict[str, str]:
    return for_child(
        without=withheld_from(kind),
        DJANGO_SETTINGS_MODULE="config.settings.dev",
        PYTHONUNBUFFERED="1",
        LOG_FORMAT=env().log_format or "line",
        PROMETHEUS_MULTIPROC_DIR=str(metrics_folder()),
        # Celery warns about root, which is common in containers.
        PYTHONWARNINGS="ignore:::celery.platforms",
    )
