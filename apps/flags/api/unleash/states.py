"""The state that clients of Unleash evaluate, for the current tenant.

The environment, kills, the plan and what the tenant has switched off are decided here; roles, rules and percentages
stay in the state, since only the client knows the user.
"""

from __future__ import annotations

import logging
import time
from typing import NamedTuple

from apps.flags import engine, queries
from apps.flags.engine import outcomes
from apps.flags.engine.exporters import Export, Known, unleash_state
from apps.flags.store.served import View
from apps.kernel.tenant import current_tenant

VALID_S = 5.0
"""A revision with a later date is served without a change of the view."""
MAX_TENANTS = 200
_CLOSED = frozenset(
    {
        outcomes.DISABLED_BY_ENVIRONMENT,
        outcomes.KILLED,
        outcomes.DISABLED,
        outcomes.NOT_ENTITLED,
        outcomes.LIMIT_REACHED,
    }
)
"""Reasons that no context changes."""
log = logging.getLogger("bursar.flags")


class _Made(NamedTuple):
    view: View
    until: float
    export: Export


_made: dict[int, _Made] = {}


def exported() -> Export:
    """From memory, unless something has changed."""
    view, tenant = queries.rule_set(), current_tenant()
    number = tenant.id if tenant else 0
    made = _made.get(number)
    if made is not None and made.view is view and time.monotonic() < made.until:
        return made.export
    export = _of_view(view)
    if made is None or made.export.left_out != export.left_out:
        for key, why in export.left_out.items():
            log.info("Clients of Unleash do not receive the flag %s: %s.", key, why)
    if len(_made) >= MAX_TENANTS:
        _made.clear()
    _made[number] = _Made(view, time.monotonic() + VALID_S, export)
    return export


def _of_view(view: View) -> Export:
    """Of the flags that can be evaluated here."""
    if not isinstance(view, engine.View):
        why = dict.fromkeys(view.keys, "another server evaluates it")
        return Export(unleash_state([], {}).document, why)
    keys = sorted(view.keys - view.broken.keys())
    known = Known(
        closed={key for key in keys if view.explain(key, None, {}).evaluation.reason in _CLOSED},
        overrides=view.layer.overrides if view.layer else {},
        attributes={name: value for name, value in queries.context_of(None).items() if name != "company"},
    )
    export = unleash_state([view.document(key) for key in keys], view.segments, known)
    return Export(export.document, {**export.left_out, **view.broken})
