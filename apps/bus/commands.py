"""The base class of commands."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from apps.kernel.naming import app_of, derived_name, explicit_name


class Command:
    """A request to change something, named in the imperative.

    A subclass is a frozen, keyword-only dataclass of ids and plain values. Its docstring is the help text beside its
    button. `class PostEntry(Command, name="ledger.post_entry")` gives it an explicit name, which stays the same when
    the class moves to another app.

    permission  who may ask: `app.verb_noun`
    says        the sentence of the audit log, after the actor's name; may use {result} and the fields
    atomic      False for a long-running command, whose steps are commands that commit one by one
    moves_money True where doing it twice would cost somebody: over HTTP it needs an Idempotency-Key, and what is
                remembered of its keys is remembered for ever
    queue       where dispatch_async has it done: financial, default, billing, audit or low
    flag        the feature that must be on for it, beside its module's own
    platform    True for what is asked at the platform alone, never inside a tenant
    keeps_house True for what is no business of the tenant's (who is signed in, what the law has removed): it is done
                while the tenant is closed as well
    fact        of a command with a natural key: the fields that make the fact. What else it says is how it is told,
                and told in other words it is the same fact
    by_support  False for what an operator never does as somebody else: passwords, roles, tokens and other keys
    """

    permission: ClassVar[str]
    audit_message: ClassVar[str]
    atomic: ClassVar[bool] = True
    moves_money: ClassVar[bool] = False
    queue: ClassVar[str] = "default"
    flag: ClassVar[str] = ""
    platform: ClassVar[bool] = False
    runs_while_closed: ClassVar[bool] = False
    by_support: ClassVar[bool] = True
    fact: ClassVar[tuple[str, ...]] = ()
    _explicit_name: ClassVar[str] = ""

    def __init_subclass__(cls, *, name: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._explicit_name = explicit_name(name)

    def natural_key(self) -> str:
        """The business fact that may happen once, whoever asks and however often: `payment_confirmed:17`. Empty
        where the command may be done again. What it is made of stands in `fact`."""
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
        """ "Post entry": what stands on its button."""
        return re.sub(r"(?<!^)(?=[A-Z])", " ", cls.__name__).capitalize()

    def sentence(self, result: Any) -> str:
        return self.audit_message.format(result=result, **vars(self))
