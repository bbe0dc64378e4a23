"""The keys of the seal. Workers of the queue `audit` have them; access to the database alone does not reveal them."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings

from apps.kernel.secrets import keys_of

from .errors import AuditKeyMissing


def keys() -> Mapping[str, bytes]:
    """Key id → key; the first one seals. Raises ImproperlyConfigured for a malformed key, and without a key."""
    return dict(keys_of(tuple(settings.AUDIT_KEYS), "AUDIT_KEYS"))


def sealing_key() -> tuple[str, bytes]:
    return next(iter(keys().items()))


def are_here() -> bool:
    """False in a process without keys, such as web (docs/keys.md)."""
    return bool(settings.AUDIT_KEYS)


def signing_key() -> tuple[str, bytes]:
    """The same, for a command that may run in a process without keys. Raises AuditKeyMissing."""
    if not are_here():
        raise AuditKeyMissing()
    return sealing_key()
