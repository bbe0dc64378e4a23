"""The verbs of `manage.py tenant`. Every module of this package is imported automatically."""

from .base import VERBS, Verb, verb

__all__ = ["VERBS", "Verb", "verb"]
