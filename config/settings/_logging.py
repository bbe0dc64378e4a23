"""Log lines: JSON where a machine reads them, one readable line each where a person does."""

from config.env import env

LOGGING_CONFIG = "apps.kernel.logs.configure"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "apps.kernel.logs.formatter", "form": env().log_format}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        # A line for each hint says nothing: what came of it is in the deliveries.
        **{
            name: {"level": "WARNING"}
            for name in ("celery.worker.strategy", "celery.app.trace", "celery.beat")
        },
        "gunicorn.error": {"handlers": [], "propagate": True},
    },
    "root": {"handlers": ["stderr"], "level": env().log_level},
}
