"""A part of the units as a condition, for what a rule's own percentage cannot express.

{"share": {"percentage": 25.0, "unit": "user", "salt": "…", "bucketer": "bursar-1"}}
{"share": {"split": [["a", 1], ["b", 2]], "among": ["a"], "unit": …}}          the split would choose one of these
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .bucketers import BUCKETERS, NATIVE
from .extensions import CONDITIONS, Context
from .fields import is_number
from .units import is_unit, reader


def share(argument: Any) -> Callable[[Context], bool]:
    """A unit that is missing is outside. Raises ValueError."""
    if not isinstance(argument, dict) or not isinstance(argument.get("salt"), str):
        raise ValueError("a share has a unit and a salt")
    units = argument.get("unit")
    units = units if isinstance(units, list) else [units]
    name, seed = argument.get("bucketer", NATIVE), argument.get("seed", 0)
    if not units or not all(map(is_unit, units)) or not isinstance(name, str) or name not in BUCKETERS:
        raise ValueError("a share has a known unit and a known bucketer")
    if type(seed) is not int or not 0 <= seed < 1 << 32:
        raise ValueError("a seed has 32 bits")
    bucketer, read = BUCKETERS[name], reader(units)
    if "split" in argument:
        variants, weights = _parts(argument["split"])
        among = argument.get("among", [])
        if not isinstance(among, list):
            raise ValueError("the variants of a share are a list")
        chosen = frozenset(i for i, variant in enumerate(variants) if variant in among)
        choose = bucketer.chooser(argument["salt"], weights, seed)
        return lambda context: (unit := read(context)) is not None and choose(unit) in chosen
    percentage = argument.get("percentage")
    if not is_number(percentage) or not 0 <= percentage <= 100:
        raise ValueError("a percentage is a number from 0 to 100")
    inside = bucketer.gate(argument["salt"], percentage, seed)
    return lambda context: (unit := read(context)) is not None and inside(unit)


def _parts(split: Any) -> tuple[list[Any], list[float]]:
    if not isinstance(split, list) or not split or not all(map(_is_part, split)):
        raise ValueError("a split has at least one part: a variant and its weight, which is 0 or more")
    return [part[0] for part in split], [float(part[1]) for part in split]


def _is_part(part: Any) -> bool:
    return isinstance(part, (list, tuple)) and len(part) == 2 and is_number(part[1]) and part[1] >= 0


CONDITIONS["share"] = share
