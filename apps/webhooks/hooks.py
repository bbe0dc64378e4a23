"""What others may plug in: what is done when another system tells something."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from apps.kernel.actors import Actor


@dataclass(frozen=True)
class Incoming:
    """A message as it is handed on: verified, and told once for each attempt until somebody is content with it.

    id      the provider's, the same whenever he sends it again
    data    the object of the message: `data` of its body
    said    the whole body
    actor   for the command that it leads to
    """

    source: str
    id: str
    type: str
    data: Mapping[str, Any]
    said: Mapping[str, Any]
    received_at: dt.datetime
    actor: Actor


Function = Callable[[Incoming], Any]
_functions: dict[str, Function] = {}


def incoming(event_type: str, function: Function) -> None:
    """Registers, in an app's hookimpls.py, what is done with messages of a type: it dispatches one command.

    It runs in a transaction that commits together with the mark that the message is processed, and what it raises
    undoes both: the message is tried again later. Messages come in any order, so a command that is too early
    refuses, and succeeds when what it needs has come.
    """
    if event_type in _functions:
        raise TypeError(f"Somebody processes {event_type} already.")
    _functions[event_type] = function


def function_for(event_type: str) -> Function | None:
    return _functions.get(event_type)
