"""What web and workers do before anything else: they do not start with settings under which tenants could meet."""

from __future__ import annotations

from django.core.checks import ERROR, run_checks
from django.core.exceptions import ImproperlyConfigured


def refuse_unsafe_settings() -> None:
    """Raises ImproperlyConfigured, which names every fault, the database role's included."""
    found = run_checks(databases=["default"])
    if faults := [each for each in found if each.level >= ERROR and not each.is_silenced()]:
        raise ImproperlyConfigured("\n".join(str(each) for each in faults))
