"""Extension point: functions for received messages, by type."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from apps.kernel.actors import Actor


@dataclass(frozen=True)
class Incoming:
    """A verified message, passed to its function once per attempt.

    id       the provider's id, the same for repeated messages
    data     the `data` of the payload
    payload  the whole JSON object
    actor    the actor for the command
    """

    source: str
    id: str
    type: str
    data: Mapping[str, Any]
    payload: Mapping[str, Any]
    received_at: dt.datetime
    actor: Actor


Function = Callable[[Incoming], Any]
_functions: dict[str, Function] = {}


def incoming(event_type: str, function: Function) -> None:
    """Registers a function for messages of a type, in an app's hookimpls.py. The function dispatches one command.

    Its effects and the state of the message commit together; an exception rolls both back, and the message is retried.
    Messages come in any order: a command that is too early is refused and succeeds at a later attempt.
    """
    if event_type in _functions:
        raise TypeError(f"There is already a function for {event_type}.")
    _functions[event_type] = function


def function_for(event_type: str) -> Function | None:
    return _functions.get(event_type)
