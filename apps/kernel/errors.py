"""Refusals: errors for requests that the business rules do not allow, with a message for the user.

A concrete refusal inherits from one kind (`NotFound`, `Invalid`, `Conflict`, `Forbidden`, `Locked`, `Unavailable`),
which determines the HTTP status; its app determines the first part of its code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, ParamSpec, TypeVar, cast

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from .naming import derived_name, explicit_name

P = ParamSpec("P")
R = TypeVar("R")


class Refusal(Exception):
    """The request was understood and refused; it changed nothing.

    message      a sentence for the user, filled from the context
    status       the HTTP status
    retry_after  seconds until the same request may succeed, where that is known
    postpones    whether background work that meets it waits and is repeated, without counting an attempt
    enforced_by  constraints or SQLSTATEs by which the database enforces the same rule, so that a lost race gives the
                 same error as the rule

    `class PeriodIsClosed(Conflict, code="ledger.period_is_closed")` has an explicit code, which stays the same
    when the class moves to another app.
    """

    message: ClassVar[str | Promise] = _("This is not allowed.")
    status: int = 400
    retry_after: int | None = None
    postpones: bool = False
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
        super().__init__(str(self.message).format_map(_MessageContext(context)))

    @classmethod
    def english(cls) -> str:
        """The message without translation, with its placeholders."""
        with override(None):
            return str(cls.message)

    def value_of(self, placeholder: str) -> object:
        return _MessageContext(self.context)[placeholder]

    @property
    def code(self) -> str:
        """`app.snake_case`; stable, so that programs may compare it."""
        return code_of(type(self))

    @property
    def refusals(self) -> Sequence[Refusal]:
        """All reasons; more than one only if several rules were broken."""
        return (self,)

    @property
    def cause(self) -> BaseException | None:
        return self.__cause__


class BadRequest(Refusal):
    """400: a required part of the request, such as a header, is missing or malformed."""

    status = 400


class Unauthenticated(Refusal):
    """401: the credentials are missing or invalid."""

    status = 401

    @property
    def challenge(self) -> str:
        """The header WWW-Authenticate."""
        return 'Bearer error="invalid_token"'


class NotFound(Refusal):
    """404: the requested object does not exist."""

    status = 404


class Invalid(Refusal):
    """422: the values of the request break a rule, independent of stored data."""

    status = 422


class Conflict(Refusal):
    """409: the request conflicts with the current state of stored data."""

    status = 409


class Forbidden(Refusal):
    """403: the actor lacks the permission."""

    status = 403


class Locked(Refusal):
    """423: the object is read-only for the time being."""

    status = 423


class Unavailable(Refusal):
    """503: temporarily unavailable; the same request may succeed later."""

    status = 503


class SeveralRefusals(Refusal):
    """Several rules are broken; the message contains all reasons, and the status is the highest."""

    message = _("{count} rules are broken: {sentences}")

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        self._refusals = tuple(refusals)
        self.status = max(refusal.status for refusal in refusals)
        self.postpones = any(refusal.postpones for refusal in refusals)
        super().__init__(count=len(refusals), sentences=" ".join(str(refusal) for refusal in refusals))

    @property
    def refusals(self) -> Sequence[Refusal]:
        return self._refusals


def raise_all(refusals: Sequence[Refusal]) -> None:
    """Raises the refusal, or SeveralRefusals; nothing without one."""
    if refusals:
        raise refusals[0] if len(refusals) == 1 else SeveralRefusals(refusals)


def sentence_of(error: BaseException) -> str:
    """The message of a refusal; of any other error its type too, since its message alone says little."""
    if isinstance(error, Refusal):
        return str(error)
    return ": ".join(filter(None, (type(error).__name__, str(error))))


class _MessageContext(dict[str, object]):
    """The context of a message. A refusal made from a database error may lack values."""

    def __missing__(self, key: str) -> str:
        return f"({key.replace('_', ' ')})"


def code_of(refusal_type: type[Refusal]) -> str:
    return refusal_type._explicit_code or derived_name(refusal_type)


def refusal_coded(code: str) -> type[Refusal]:
    """Raises KeyError for an unknown code."""
    if code not in _by_code:
        _by_code.update({code_of(refusal): refusal for refusal in _family(Refusal)})
    return _by_code[code]


_by_code: dict[str, type[Refusal]] = {}


def _family(refusal: type[Refusal]) -> Iterator[type[Refusal]]:
    yield refusal
    for below in refusal.__subclasses__():
        yield from _family(below)


class Together:
    """Collects the refusals of several rules; see `together`."""

    def __init__(self) -> None:
        self.refusals: list[Refusal] = []

    def check(self, rule: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """The result of the rule. After a refusal it is None, and the end of the block raises before it can be used."""
        try:
            return rule(*args, **kwargs)
        except Refusal as refusal:
            self.refusals.extend(refusal.refusals)
            return cast(R, None)


@contextmanager
def together() -> Iterator[Together]:
    """Check several rules, then raise all of their refusals at once.

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
