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
    "root": {"handlers": ["stderr"], "level": env().log_level},
}
