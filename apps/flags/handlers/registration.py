"""Rows of declared flags."""

from __future__ import annotations

from django.utils.translation import override

from apps.bus import handles
from apps.events import publish
from apps.flags import queries
from apps.flags.commands import RegisterFlags
from apps.flags.events import FeatureFlagCreated
from apps.flags.models import Flag
from apps.kernel.clock import now
from apps.kernel.features import DeclaredFlag


@handles(RegisterFlags, emits=(FeatureFlagCreated,))
def register_flags(command: RegisterFlags) -> str:
    """Returns the keys of the new rows."""
    with override(None):  # descriptions in the language of the code
        new = [_row(declared) for declared in queries.unregistered()]
    for flag in new:
        flag.save(force_insert=True)
        publish(FeatureFlagCreated(key=flag.key, category=flag.category))
    return ", ".join(flag.key for flag in new)


def _row(declared: DeclaredFlag[object]) -> Flag:
    return Flag(
        key=declared.key,
        category=declared.category,
        value_type=declared.value_type,
        description=str(declared.description),
        owner=declared.owner,
        expires_on=declared.expires_on,
        posting=declared.posting,
        created_at=now(),
    )
