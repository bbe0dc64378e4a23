"""Heavy parts of the product that an operator may turn off under load: each declares what to do meanwhile.

TRIAL_BALANCE = declare_degradable(flag=…, title=_("The trial balance"), fallback=_("The journal can be exported
at night."), page="schedule_one_command", arguments=("ledger.export_journal",))

degradable.must_be_on(TRIAL_BALANCE)   # where it is computed
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from . import features
from .errors import Unavailable
from .features import DeclaredFlag

RETRY_AFTER_S = 600


@dataclass(frozen=True)
class Degradable:
    """A part of the product with its ops flag.

    title      of the part, the subject of a sentence
    fallback   a sentence: what does the work meanwhile
    page       the name of the console's page for that, with its arguments; empty without one
    """

    flag: DeclaredFlag[bool]
    title: str | Promise
    fallback: str | Promise
    page: str = ""
    arguments: tuple[str, ...] = ()


class Degraded(Unavailable):
    message = _("{title} is off for the time being, to relieve the system. {fallback}")
    retry_after = RETRY_AFTER_S


DEGRADABLE: dict[str, Degradable] = {}
"""By key of the flag."""


def declare_degradable(
    *,
    flag: DeclaredFlag[bool],
    title: str | Promise,
    fallback: str | Promise,
    page: str = "",
    arguments: tuple[str, ...] = (),
) -> Degradable:
    """Declares it, in its app's flag_declarations.py. Raises TypeError for a flag that is not on by default."""
    if flag.category != "ops" or flag.default is not True:
        raise TypeError(f"{flag.key} is no ops flag that is on by default.")
    return DEGRADABLE.setdefault(flag.key, Degradable(flag, title, fallback, page, arguments))


def is_on(part: Degradable) -> bool:
    return features.is_on(part.flag)


def must_be_on(part: Degradable) -> None:
    """Raises Degraded."""
    if not is_on(part):
        raise Degraded(title=part.title, fallback=part.fallback)
