"""Logging: JSON, or readable lines on a terminal."""

from config.env import env

LOGGING_CONFIG = "apps.kernel.observability.logs.configure"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "apps.kernel.observability.logs.formatter", "form": env().log_format}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        # Lines for each hint are redundant: deliveries record the outcome.
        **{
            name: {"level": "WARNING"}
            for name in ("celery.worker.strategy", "celery.app.trace", "celery.beat")
        },
        "gunicorn.error": {"handlers": [], "propagate": True},
    },
    "root": {"handlers": ["stderr"], "level": env().log_level},
}
