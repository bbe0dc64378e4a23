"""Refusals: what the business does not allow, said in words a user can read.

Every app has one family under `Refusal` (`class LedgerRefusal(Refusal)`); a concrete refusal is of its
family and of one kind (`NotFound`, `Invalid`, `Conflict`, `Forbidden`, `Locked`, `Unavailable`), which gives the
HTTP status.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, ParamSpec, TypeVar, cast

from django.db import Error as DatabaseError

from .naming import derived_name, explicit_name

P = ParamSpec("P")
R = TypeVar("R")


class Refusal(Exception):
    """The request was understood and refused; nothing of it was kept.

    `message` is the sentence, filled from the context. `retry_after` says in how many seconds the same request may
    succeed, where that is known. `enforced_by` names the constraints or SQLSTATEs with
    which the database itself refuses the same thing, so that a lost race reads like the rule.
    `class PeriodIsClosed(LedgerRefusal, code="ledger.period_is_closed")` has an explicit code, which a move to another
    app does not change.
    """

    message: ClassVar[str] = "This is not allowed."
    status: ClassVar[int] = 400
    retry_after: ClassVar[int | None] = None
    enforced_by: ClassVar[tuple[str, ...]] = ()
    _by_database: ClassVar[dict[str, type[Refusal]]] = {}
    _explicit_code: ClassVar[str] = ""

    def __init_subclass__(cls, *, code: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._explicit_code = explicit_name(code)
        for name in cls.__dict__.get("enforced_by", ()):
            Refusal._by_database[name] = cls

    def __init__(self, **context: object) -> None:
        self.context = context
        super().__init__(self.message.format_map(_Spoken(context)))

    @property
    def code(self) -> str:
        """Stable for ever, `app.snake_case`: what a program may compare."""
        return code_of(type(self))

    @property
    def refusals(self) -> Sequence[Refusal]:
        """All reasons: one, except where several rules were broken at once."""
        return (self,)

    @property
    def cause(self) -> BaseException | None:
        return self.__cause__


class BadRequest(Refusal):
    """The request lacks what any such request must have."""

    status = 400


class Unauthenticated(Refusal):
    """Who asks is not known: what he showed for it is missing or worth nothing."""

    status = 401


class NotFound(Refusal):
    """What was asked for does not exist."""

    status = 404


class Invalid(Refusal):
    """The request breaks a rule whatever the state of the books."""

    status = 422


class Conflict(Refusal):
    """The state of the books forbids it now."""

    status = 409


class Forbidden(Refusal):
    """The actor may not."""

    status = 403


class Locked(Refusal):
    """It cannot be changed for the time being; it can be read."""

    status = 423


class Unavailable(Refusal):
    """It cannot be served now; the same request may succeed later."""

    status = 503


class SeveralRefusals(Refusal):
    """More than one rule is broken; all of them are said together."""

    message = "{count} rules are broken: {sentences}"

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        self._refusals = tuple(refusals)
        super().__init__(count=len(refusals), sentences=" ".join(str(refusal) for refusal in refusals))

    @property
    def status(self) -> int:  # type: ignore[override]  # the gravest kind speaks for all
        return max(refusal.status for refusal in self._refusals)

    @property
    def refusals(self) -> Sequence[Refusal]:
        return self._refusals


class _Spoken(dict[str, object]):
    """Context for a sentence; a refusal built from a database error may lack a word."""

    def __missing__(self, key: str) -> str:
        return f"({key.replace('_', ' ')})"


def code_of(refusal_type: type[Refusal]) -> str:
    return refusal_type._explicit_code or derived_name(refusal_type)


class Together:
    """Collects what several rules refuse; see `together`."""

    def __init__(self) -> None:
        self.refusals: list[Refusal] = []

    def check(self, rule: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """What the rule found. When it refused there is nothing, and the block's end raises before that can be
        used."""
        try:
            return rule(*args, **kwargs)
        except Refusal as refusal:
            self.refusals.extend(refusal.refusals)
            return cast(R, None)


@contextmanager
def together() -> Iterator[Together]:
    """Ask several rules, then refuse with all of their reasons at once.

    with together() as rules_:
        rules_.check(rules.lines_must_balance, lines)
        rules_.check(rules.day_must_be_open, day)
    """
    collected = Together()
    yield collected
    if len(collected.refusals) == 1:
        raise collected.refusals[0]
    if collected.refusals:
        raise SeveralRefusals(collected.refusals)


def refusal_behind(error: DatabaseError) -> Refusal | None:
    """The refusal that a constraint or trigger of ours stands for, or None when the error is not ours."""
    cause = error.__cause__
    diagnosis = getattr(cause, "diag", None)
    if diagnosis is None:
        return None
    names = (getattr(cause, "sqlstate", None), diagnosis.constraint_name)
    for name in names:
        if name in Refusal._by_database:
            return Refusal._by_database[name](**_context(diagnosis.message_detail))
    return None


def _context(detail: str | None) -> dict[str, object]:
    """Our triggers write `DETAIL: key=value; key=value`; PostgreSQL's own details are not for users."""
    pairs = re.findall(r"(\w+)=([^;]*)", detail or "")
    return {key: value.strip() for key, value in pairs}
