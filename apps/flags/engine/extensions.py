"""Kinds of conditions and choices beyond the native ones, registered by importers.

A kind is a function of the argument in the document. It returns a function of the context: of a condition, whether it
holds; of a choice, the name of the variant, or None to go on with the next rule. It raises ValueError for an argument
that it does not understand.

    CONDITIONS["share"] = lambda argument: ...           {"when": {"share": {...}}, "serve": "on"}
    CHOICES["json-logic"] = lambda argument: ...         {"choose": {"json-logic": {...}}}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Context = Mapping[str, Any]

CONDITIONS: dict[str, Callable[[Any], Callable[[Context], bool]]] = {}
CHOICES: dict[str, Callable[[Any], Callable[[Context], str | None]]] = {}

# Operators of a dialect by its name, in place of the engine's own: {"dialect": {"operators": "name"}}
OPERATORS_OF: dict[str, Mapping[str, Callable[[Any], Callable[[Any], bool | None]]]] = {}
