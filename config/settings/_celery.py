"""Celery. Work is recorded in PostgreSQL, so a lost or duplicate message costs only time.

The broker is Redis, or RabbitMQ if BROKER_URL is an AMQP address; no other code depends on the kind.
"""

from typing import Any

from kombu import Exchange, Queue

from apps.kernel.cache.redis_url import SentinelRedis, uses_sentinel
from apps.kernel.queues.policies import POLICIES
from config.env import env

BROKER_URL = str(env().broker_url or env().redis_url or "redis://nowhere:6379/0")
SENTINELS = SentinelRedis.read(BROKER_URL) if uses_sentinel(BROKER_URL) else None
CELERY_BROKER_URL = SENTINELS.broker_url if SENTINELS else BROKER_URL
OVER_AMQP = CELERY_BROKER_URL.startswith(("amqp:", "amqps:", "pyamqp:"))
DEAD_LETTERS = Exchange("bursar.dead", type="fanout")
QUORUM: dict[str, Any] = {
    "x-queue-type": "quorum",
    "x-delivery-limit": 5,  # then a message that kills its workers is dead-lettered
    "x-dead-letter-exchange": DEAD_LETTERS.name,
}


def queue(name: str) -> Queue:
    """On RabbitMQ a quorum queue on a topic exchange, which native delayed retries require."""
    if not OVER_AMQP:
        return Queue(name, Exchange(name, type="direct"), routing_key=name)
    return Queue(name, Exchange("bursar", type="topic"), routing_key=name, queue_arguments=QUORUM)


CELERY_TASK_QUEUES = [queue(name) for name in POLICIES]
DEAD_QUEUE = Queue("dead", DEAD_LETTERS, queue_arguments={"x-queue-type": "quorum"}) if OVER_AMQP else None
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_CREATE_MISSING_QUEUES = False
CELERY_TASK_ROUTES = ("apps.kernel.queues.tasks.route",)
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # wait for the broker without limit
CELERY_DB_REUSE_MAX = 500
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = env().worker_grace
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"confirm_publish": True}
    if OVER_AMQP
    else {
        # Above the longest time limit (120 s) plus its longest retry delay; checked every 5 s instead of every 100.
        "visibility_timeout": env().broker_visibility_timeout,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 5,
        "socket_connect_timeout": 3,
        **(SENTINELS.broker_options if SENTINELS else {}),
    }
)
CELERY_BEAT_SCHEDULE = {
    "sweep deliveries": {"task": "events.sweep", "schedule": 10.0, "options": {"expires": 60}},
    # Starts due scheduled runs, which a table records per tenant; unconsumed ticks expire.
    "send scheduled tasks": {"task": "tenancy.tick", "schedule": 5.0, "options": {"expires": 60}},
}
