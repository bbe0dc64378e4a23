"""The verbs of `manage.py tenant`, in files by what they are about. Each file here is found by itself."""

from .base import VERBS, Verb, verb

__all__ = ["VERBS", "Verb", "verb"]
