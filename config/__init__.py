"""Settings, environment, Celery application and URLconfs."""

import gc

from .celery import app as celery_app

__all__ = ["celery_app"]

gc.set_threshold(50_000)
"""A start imports 2,000 modules. With Python's threshold of 700 objects, a sixth of it is a search for garbage."""
