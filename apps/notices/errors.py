"""What notices refuse."""

from __future__ import annotations

from apps.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refusal


class NoticesRefusal(Refusal):
    """The family of notices."""


class KindUnknown(NoticesRefusal, Invalid):
    message = "There is no kind of notice {kind!r}; there are {known}."


class ChannelUnknown(NoticesRefusal, Invalid):
    message = "There is no channel {channel!r}; there are {known}."


class WordsMissing(NoticesRefusal, Invalid):
    message = (
        "A notice has a subject of one line, of at most {subject} characters, and a text of at most {text}."
    )


class AudienceUnknown(NoticesRefusal, Invalid):
    message = "{who!r} is neither an e-mail address nor one of {known}."


class TooMany(NoticesRefusal, Invalid):
    message = "At most {most} people are told at once, and these are {count}."


class StrangerNotTold(NoticesRefusal, Forbidden):
    """A tenant is no place to write to the world from."""

    message = "{address} is nobody of ours."


class ToldAlready(NoticesRefusal, Conflict):
    """Two who tell the same at once; the one who comes again finds it told."""

    message = "This is being told at this moment."
    enforced_by = ("notices_told_once",)


class ChatAddressRefused(NoticesRefusal, Invalid):
    """It does not say more of the address, which is a secret."""

    message = "The address cannot be told anything: {why}."


class TargetNotFound(NoticesRefusal, NotFound):
    message = "There is no target {target_id}."


class TargetNameTaken(NoticesRefusal, Conflict):
    message = "There is already a target named {name!r}."
    enforced_by = ("notices_target_once",)


class TargetIsRemoved(NoticesRefusal, Conflict):
    message = "The target {target} is removed."


class CopyNotFound(NoticesRefusal, NotFound):
    message = "There is no copy {copy_id}."


class CopyIsUnderWay(NoticesRefusal, Conflict):
    message = "{copy} is being sent at this moment."


class ReasonMissing(NoticesRefusal, Invalid):
    message = "A reason is needed."


class NameMissing(NoticesRefusal, Invalid):
    message = "A target has a name."
