"""What every log line says beside its message."""

import logging

from .correlation import correlation_id
from .tenant import current_tenant


class Context(logging.Filter):
    """Adds the tenant and the correlation id to each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        tenant = current_tenant()
        record.tenant = tenant.slug if tenant else "platform"
        record.correlation_id = correlation_id() or "-"
        return True
