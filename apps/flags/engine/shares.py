"""A part of the units as a condition, for what a rule's own percentage cannot express.

{"share": {"percentage": 25.0, "unit": "user", "salt": "…", "bucketer": "bursar-1"}}
{"share": {"split": [["a", 1], ["b", 2]], "among": ["a"], "unit": …}}          the split would choose one of these
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .bucketers import BUCKETERS, NATIVE
from .extensions import CONDITIONS, Context
from .units import is_unit, reader


def share(argument: Any) -> Callable[[Context], bool]:
    """A unit that is missing is outside. Raises ValueError."""
    if not isinstance(argument, dict) or not isinstance(argument.get("salt"), str):
        raise ValueError("a share has a unit and a salt")
    units = argument.get("unit")
    units = units if isinstance(units, list) else [units]
    name, seed = argument.get("bucketer", NATIVE), argument.get("seed", 0)
    if not units or not all(map(is_unit, units)) or name not in BUCKETERS:
        raise ValueError("a share has a known unit and a known bucketer")
    bucketer, read = BUCKETERS[name], reader(units)
    if "split" in argument:
        variants, weights = zip(*argument["split"], strict=True)
        among = frozenset(i for i, variant in enumerate(variants) if variant in argument.get("among", ()))
        choose = bucketer.chooser(argument["salt"], weights, seed)
        return lambda context: (unit := read(context)) is not None and choose(unit) in among
    percentage = argument.get("percentage")
    if not isinstance(percentage, int | float) or not 0 <= percentage <= 100:
        raise ValueError("a percentage is a number from 0 to 100")
    inside = bucketer.gate(argument["salt"], percentage, seed)
    return lambda context: (unit := read(context)) is not None and inside(unit)


CONDITIONS["share"] = share
