"""What must be true before somebody is told something."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from apps.kernel.tenant import current_tenant

from . import channels, queries
from .errors import (
    AudienceUnknown,
    ChannelUnknown,
    CopyIsUnderWay,
    CopyNotFound,
    KindUnknown,
    NameMissing,
    ReasonMissing,
    StrangerNotTold,
    TargetIsRemoved,
    TargetNotFound,
    TooMany,
    WordsMissing,
)
from .models import Copy, Target

LONGEST_SUBJECT, LONGEST_TEXT, MOST_PEOPLE = 200, 5_000, 500


def kind_must_be_known(*names: str) -> None:
    known = [kind.name for kind in queries.kinds_here()]
    for name in names:
        if name not in known:
            raise KindUnknown(kind=name, known=", ".join(known))


def channels_must_exist(names: Sequence[str]) -> None:
    for name in names:
        if name not in channels.NAMES:
            raise ChannelUnknown(channel=name, known=", ".join(channels.NAMES))


def words_must_be_there(subject: str, text: str) -> None:
    """The subject becomes the header of a letter, so it is one line."""
    is_one_line = subject.strip() and subject.splitlines() == [subject] and len(subject) <= LONGEST_SUBJECT
    if not is_one_line or not text.strip() or len(text) > LONGEST_TEXT or "\0" in subject + text:
        raise WordsMissing(subject=LONGEST_SUBJECT, text=LONGEST_TEXT)


def people_must_be_known(to: Sequence[str]) -> Sequence[str]:
    """The addresses of all who are named, each once."""
    people = sorted({address for who in to for address in _addresses(who)})
    if len(people) > MOST_PEOPLE:
        raise TooMany(most=MOST_PEOPLE, count=len(people))
    return people


def _addresses(who: str) -> Iterable[str]:
    audiences = queries.audiences()
    if who in audiences:
        return queries.addresses_of(who)
    try:
        validate_email(who)
    except ValidationError:
        raise AudienceUnknown(who=who[:80], known=", ".join(audiences)) from None
    if current_tenant() and not queries.is_ours(who):
        raise StrangerNotTold(address=who)
    return (who.lower(),)


def name_must_be_given(name: str) -> str:
    if not name.strip() or len(name) > 80:
        raise NameMissing
    return name.strip()


def reason_must_be_given(reason: str) -> None:
    if not reason.strip():
        raise ReasonMissing


def target_must_be_there(target_id: int) -> Target:
    """Held."""
    target = Target.objects.select_for_update(no_key=True).filter(pk=target_id).first()
    if target is None:
        raise TargetNotFound(target_id=target_id)
    if not target.is_active:
        raise TargetIsRemoved(target=target)
    return target


def copy_must_exist(copy_id: int) -> Copy:
    """Held."""
    held = Copy.objects.select_for_update(of=("self",)).select_related("notice", "target")
    copy = held.filter(pk=copy_id).first()
    if copy is None:
        raise CopyNotFound(copy_id=copy_id)
    return copy


def copy_must_be_at_rest(copy: Copy) -> None:
    if copy.is_under_way:
        raise CopyIsUnderWay(copy=copy)


def receiver_must_be_there(copy: Copy) -> None:
    if copy.target and not copy.target.is_active:
        raise TargetIsRemoved(target=copy.target)
