"""Reads of flags. In the steady state an evaluation takes no SQL and no network call.

from apps.flags import queries as flags

if flags.is_on(NEW_SCREEN): …
"""

from .arrivals import Arrival, arrival, epoch, wait_for_arrival
from .contexts import context_of, current_context
from .reading import evaluate_all, evaluation, explain, is_on, is_open, rule_set, value
from .registration import unregistered

__all__ = [
    "Arrival",
    "arrival",
    "context_of",
    "current_context",
    "epoch",
    "evaluate_all",
    "evaluation",
    "explain",
    "is_on",
    "is_open",
    "rule_set",
    "unregistered",
    "value",
    "wait_for_arrival",
]
