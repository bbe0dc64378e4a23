"""JsonLogic to Python closures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .flagd import FLAGD_OPERATORS
from .operators import OPERATORS
from .values import is_true

Program = Callable[[Any], Any]
_ALL_OPERATORS = {**OPERATORS, **FLAGD_OPERATORS}


class UnknownOperation(ValueError):
    """The evaluation reached an operation that does not exist."""


def compile_logic(logic: Any) -> Program:
    """An object with one member is an operation, anything else a value. An unknown operation raises
    UnknownOperation, and only when it is reached."""
    if isinstance(logic, list):
        members = tuple(compile_logic(member) for member in logic)
        return lambda data: [member(data) for member in members]
    if not isinstance(logic, dict) or len(logic) != 1:
        return lambda data: logic
    ((name, raw),) = logic.items()
    raw = raw if isinstance(raw, list) else [raw]
    if name == "reduce":
        return _reduce(raw)
    args = tuple(compile_logic(arg) for arg in raw)
    if name in _LAZY:
        return _LAZY[name](args)
    if name == "var" and all(isinstance(arg, str) for arg in raw):
        return _variable(*raw)
    operator = _ALL_OPERATORS.get(name) or _unknown(name)
    return lambda data: operator(data, *[arg(data) for arg in args])


def operations(logic: Any) -> Iterator[str]:
    """The names of all operations of a program."""
    if isinstance(logic, list):
        for member in logic:
            yield from operations(member)
    elif isinstance(logic, dict) and len(logic) == 1:
        ((name, args),) = logic.items()
        yield name
        yield from operations(args if isinstance(args, list) else [args])


def is_operation(name: str) -> bool:
    return name == "reduce" or name in _LAZY or name in _ALL_OPERATORS


def _unknown(name: str) -> Callable[..., Any]:
    def operate(*_: Any) -> Any:
        raise UnknownOperation(f"There is no operation {name}.")

    return operate


def _variable(path: str = "", default: Any = None, *_: Any) -> Program:
    """The usual case: a plain name."""
    operator = OPERATORS["var"]
    if not path or "." in path:
        return lambda data: operator(data, path, default)

    def read(data: Any) -> Any:
        if not isinstance(data, dict):
            return operator(data, path, default)
        value = data.get(path)
        return default if value is None else value

    return read


def _if(args: tuple[Program, ...]) -> Program:
    """Pairs of condition and result, and at the end the result otherwise."""
    pairs = tuple(zip(args[::2], args[1::2], strict=False))
    otherwise = args[-1] if len(args) % 2 else _null

    def evaluate(data: Any) -> Any:
        for condition, result in pairs:
            if is_true(condition(data)):
                return result(data)
        return otherwise(data)

    return evaluate


def _null(_data: Any) -> None:
    return None


def _until(truth: bool) -> Callable[[tuple[Program, ...]], Program]:
    """The first value that is true, or false; else the last one."""

    def compiled(args: tuple[Program, ...]) -> Program:
        def evaluate(data: Any) -> Any:
            value = None
            for arg in args:
                value = arg(data)
                if is_true(value) is truth:
                    return value
            return value

        return evaluate

    return compiled


def _over(
    combine: Callable[[list[Any], Program], Any], otherwise: Callable[[], Any], needs_logic: bool = True
) -> Callable[[tuple[Program, ...]], Program]:
    """An operation on each item of a list, with the item as data. `otherwise` is the result if it is no list."""

    def compiled(args: tuple[Program, ...]) -> Program:
        if len(args) < 1 + needs_logic:
            return lambda data: otherwise()
        items, logic = args[0], args[1] if len(args) > 1 else _null

        def evaluate(data: Any) -> Any:
            members = items(data)
            return combine(members, logic) if isinstance(members, list) else otherwise()

        return evaluate

    return compiled


def _reduce(args: list[Any]) -> Program:
    """The initial value is taken as it is written."""
    if not args:
        return _null
    items, logic = compile_logic(args[0]), compile_logic(args[1] if len(args) > 1 else None)
    initial = args[2] if len(args) > 2 else None

    def evaluate(data: Any) -> Any:
        members, accumulator = items(data), initial
        if isinstance(members, list):
            for item in members:
                accumulator = logic({"accumulator": accumulator, "current": item})
        return accumulator

    return evaluate


_LAZY: Mapping[str, Callable[[tuple[Program, ...]], Program]] = {
    "if": _if,
    "?:": _if,
    "and": _until(False),
    "or": _until(True),
    "filter": _over(lambda items, logic: [item for item in items if is_true(logic(item))], list),
    "map": _over(lambda items, logic: [logic(item) for item in items], list, needs_logic=False),
    "all": _over(
        lambda items, logic: bool(items) and all(is_true(logic(item)) for item in items), lambda: False
    ),
    "some": _over(lambda items, logic: any(is_true(logic(item)) for item in items), lambda: False),
    "none": _over(lambda items, logic: not any(is_true(logic(item)) for item in items), lambda: True),
}
