"""Peers' documents → native documents, which keep the bucket of each unit."""

from .flagd import import_flagd
from .imported import Imported
from .unleash import import_unleash

__all__ = ["Imported", "import_flagd", "import_unleash"]
