"""Log lines: one each, with the tenant and the correlation id."""

from config.env import env

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"context": {"()": "apps.kernel.logs.Context"}},
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)-7s %(tenant)s %(correlation_id)s %(name)s: %(message)s"}
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["context"]}},
    # A line for each hint says nothing: what came of it is in the deliveries.
    "loggers": {
        name: {"level": "WARNING"} for name in ("celery.worker.strategy", "celery.app.trace", "celery.beat")
    },
    "root": {"handlers": ["stderr"], "level": env().log_level},
}
