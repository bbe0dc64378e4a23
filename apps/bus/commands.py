"""The base class of commands."""

from __future__ import annotations

import re
from dataclasses import Field
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from apps.kernel.naming import app_of, derived_name, explicit_name

from .approval import ApprovalKind

FRESH_S = 600
"""The age of an authentication that still counts as fresh."""


class Command:
    """A request to change something, named in the imperative.

    A subclass is a frozen, keyword-only dataclass of ids and plain values. Its docstring is the help text beside its
    button. `class PostEntry(Command, name="ledger.post_entry")` gives it an explicit name, which stays the same when
    the class moves to another app.

    permission         required of the actor: `app.verb_noun`
    audit_message      the sentence of the audit log, after the actor's name, in `gettext_noop`; may use {result}, the
                       fields and properties
    atomic             False for a long-running command, whose steps are commands that commit one by one
    moves_money        True where a repetition would cost money: HTTP requires an Idempotency-Key, which never expires
    queue              the queue of dispatch_async: financial, default, billing, audit or low
    flag               a feature that must be on, besides the feature of the module
    platform           True for commands of the platform, refused inside a tenant
    runs_while_closed  True for commands that a suspended or archived tenant still runs, such as sign-out and erasure
    fact               the fields in the text of `natural_key`; a repetition may differ in others, such as a memo
    by_support         False for commands refused during impersonation: passwords, roles, tokens and other keys
    schedulable        True for commands that may be stored now and executed at a later time; they have no secrets
    fresh_authentication_s  the maximum age in seconds of the person's authentication, usually FRESH_S; None: any.
                       Programs are refused, so it is for commands of people, which are not `by_support` either
    approval           the kind of approval by other people, without which the command is refused
    """

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]  # of the subclass, which is a dataclass
    permission: ClassVar[str]
    audit_message: ClassVar[str]
    atomic: ClassVar[bool] = True
    moves_money: ClassVar[bool] = False
    queue: ClassVar[str] = "default"
    flag: ClassVar[str] = ""
    platform: ClassVar[bool] = False
    runs_while_closed: ClassVar[bool] = False
    by_support: ClassVar[bool] = True
    schedulable: ClassVar[bool] = False
    fresh_authentication_s: ClassVar[int | None] = None
    approval: ClassVar[ApprovalKind | None] = None
    fact: ClassVar[tuple[str, ...]] = ()
    _explicit_name: ClassVar[str] = ""

    def __init_subclass__(cls, *, name: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._explicit_name = explicit_name(name)

    def natural_key(self) -> str:
        """The business fact that may occur once, across all callers: `payment_confirmed:17`. Empty for a repeatable
        command. `fact` lists its fields."""
        return ""

    def approval_subject(self) -> str:
        """The row that an approval is about, `table:id`, for guards of the database. Empty for a command about none."""
        return ""

    @classmethod
    def command_name(cls) -> str:
        """`ledger.post_entry`: the app and the verb, as in permissions and error codes."""
        return cls._explicit_name or derived_name(cls)

    @classmethod
    def app(cls) -> str:
        return app_of(cls)

    @classmethod
    def title(cls) -> str:
        """ "Post entry": the label of its button, in the active language."""
        return gettext(cls.english_title())

    @classmethod
    def english_title(cls) -> str:
        return re.sub(r"(?<!^)(?=[A-Z])", " ", cls.__name__).capitalize()

    @classmethod
    def lazy_title(cls) -> Promise:
        """The title in the language in which a page shows it."""
        return gettext_lazy(cls.english_title())

    @classmethod
    def help_text(cls) -> str:
        """The first paragraph of the docstring, beside its button, in the active language."""
        return gettext(cls.english_help_text())

    @classmethod
    def english_help_text(cls) -> str:
        return " ".join((cls.__doc__ or "").split("\n\n")[0].split())
