"""Reads of flags. In the steady state an evaluation takes no SQL and no network call.

from apps.flags import queries as flags

if flags.is_on(NEW_SCREEN): …
"""

from .arrivals import Arrival, arrival, epoch, wait_for_arrival
from .contexts import context_of, current_context
from .differences import Difference, ThreeWayDifference, differences, three_way
from .effects import effect_in_words
from .exports import exported
from .history import HistoryEntry, history, kills_of, unreviewed_kills
from .reading import evaluate_all, evaluation, explain, is_on, is_open, rule_set, value
from .registration import unregistered
from .revisions import (
    Key,
    change_set_with_id,
    changes_of,
    conflicts_of,
    connection_of_platform,
    dependants,
    documents_of_platform,
    drafts_on,
    flag_of_platform,
    latest,
    latest_of,
    revisions_of,
    three_way_of,
)
from .states import FlagStatus, State, state_of, statuses

__all__ = [
    "Arrival",
    "Difference",
    "FlagStatus",
    "HistoryEntry",
    "Key",
    "State",
    "ThreeWayDifference",
    "arrival",
    "change_set_with_id",
    "changes_of",
    "conflicts_of",
    "connection_of_platform",
    "context_of",
    "current_context",
    "dependants",
    "differences",
    "documents_of_platform",
    "drafts_on",
    "effect_in_words",
    "epoch",
    "evaluate_all",
    "evaluation",
    "explain",
    "exported",
    "flag_of_platform",
    "history",
    "is_on",
    "is_open",
    "kills_of",
    "latest",
    "latest_of",
    "revisions_of",
    "rule_set",
    "state_of",
    "statuses",
    "three_way",
    "three_way_of",
    "unregistered",
    "unreviewed_kills",
    "value",
    "wait_for_arrival",
]
