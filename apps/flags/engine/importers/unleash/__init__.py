"""The state of Unleash's client API, or its delta events → native documents that keep every unit's bucket."""

from .constraints import FIELDS, text_of
from .state import import_unleash

__all__ = ["FIELDS", "import_unleash", "text_of"]
