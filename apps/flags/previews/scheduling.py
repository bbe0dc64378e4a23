"""When previews are computed: right after the commit where the population is small, else by a worker."""

from __future__ import annotations

import logging

from django.db import connection

from apps.bus import dispatch
from apps.flags.commands import PreviewChangeSet
from apps.flags.models import ChangeSet
from apps.kernel.actors import acting
from apps.kernel.db.callbacks import afterwards
from apps.kernel.errors import Refusal
from apps.kernel.tenant import current_tenant
from apps.tenancy import queries as tenancy

IMMEDIATE_TENANTS = 25
"""Up to so many tenants, the request that makes a change set computes its preview: milliseconds for each."""
log = logging.getLogger(__name__)


def compute_after_commit(change_set: ChangeSet) -> None:
    """Outside of any transaction, since those of the platform do not read tenants. What is not computed here (a process
    has ended, a transaction spans the request) is computed by the listener of `feature_flag.proposed`."""
    actor = acting()
    if actor is None or not is_small():
        return

    def compute() -> None:
        if connection.in_atomic_block or not ChangeSet.objects.filter(pk=change_set.pk).exists():
            return  # a dry run, or rolled back
        try:
            dispatch(PreviewChangeSet(change_set_id=change_set.pk), actor=actor)
        except Refusal as refusal:
            log.warning("The preview of %s was not computed: %s", change_set, refusal)

    afterwards(compute)


def is_small() -> bool:
    return current_tenant() is not None or len(tenancy.active_tenants()) <= IMMEDIATE_TENANTS
