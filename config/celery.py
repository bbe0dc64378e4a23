"""The Celery application of the workers and beat."""

from __future__ import annotations

import os
import sys
from typing import Any

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

app = Celery("bursar")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.worker_init.connect
def start_safely_or_not_at_all(**_: Any) -> None:
    from django.core.exceptions import ImproperlyConfigured

    from .startup import refuse_unsafe_settings

    try:
        refuse_unsafe_settings()
    except ImproperlyConfigured as faults:
        sys.exit(str(faults))  # Celery would log a mere exception and go on
