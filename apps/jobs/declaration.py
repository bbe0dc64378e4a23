"""Declaration of a job: its stages, each a method that does one step.

    class CloseAccounts(Job, name="ledger.close_accounts"):
        title = _("Closing of accounts")
        permission = "ledger.manage_accounts"
        stages = {"close": _("Close accounts")}

        def total(self, stage: str) -> int:
            return Account.objects.filter(is_active=True).count()

        def close(self, cursor: int | None) -> Step:
            page = [*Account.objects.filter(is_active=True, pk__gt=cursor or 0).order_by("pk")[:100]]
            for account in page:
                dispatch(DeactivateAccount(account_id=account.pk, reason="…"), actor=self.actor)
            return Step(cursor=page[-1].pk if page else None, done=len(page))

A step is one transaction, with the cursor at which the next one continues. So its work commits once, whenever a worker
is killed. It takes seconds at most, depends on nothing but parameters, cursor and rows, and sends nothing to other
systems: those see a repeated step twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.utils.functional import Promise

from apps.kernel.actors import Actor
from apps.kernel.naming import explicit_name

from .errors import JobUnknown

if TYPE_CHECKING:
    from .models import Run


@dataclass(frozen=True)
class Step:
    """The outcome of a step.

    cursor  a JSON value at which the next step continues; None ends the stage
    done    the number of items that were done
    """

    cursor: Any
    done: int = 0


class Job:
    """One execution of a job, for the sender `actor`.

    name        public: rows contain it
    permission  required to cancel, retry and download it, and of its sender before each step
    queue       the Celery queue of its steps
    stages      the method of each stage, which takes the cursor (None at first) and returns a Step; with its title
    """

    name: ClassVar[str]
    title: ClassVar[str | Promise]
    permission: ClassVar[str]
    queue: ClassVar[str] = "low"
    stages: ClassVar[Mapping[str, str | Promise]]

    def __init_subclass__(cls, *, name: str = "", **kwargs: Any) -> None:
        """Without a name, the subclass is a base class."""
        super().__init_subclass__(**kwargs)
        if not name:
            return
        cls.name = explicit_name(name)
        if name in JOBS:
            raise TypeError(f"There is already a job {name}.")
        if missing := [stage for stage in cls.stages if not hasattr(cls, stage)]:
            raise TypeError(f"The job {name} has no method for {', '.join(missing)}.")
        JOBS[name] = cls

    def __init__(self, run: Run, actor: Actor) -> None:
        self.run, self.actor = run, actor

    @property
    def parameters(self) -> Mapping[str, Any]:
        return cast(Mapping[str, Any], self.run.parameters)

    def total(self, stage: str) -> int:
        """The number of items of a stage, computed before its first step; 0 if it is unknown."""
        return 0

    def step(self, stage: str, cursor: Any) -> Step:
        method: Callable[[Any], Step] = getattr(self, stage)
        return method(cursor)


JOBS: dict[str, type[Job]] = {}


def job_named(name: str) -> type[Job]:
    """Raises JobUnknown."""
    if name not in JOBS:
        raise JobUnknown(job=name)
    return JOBS[name]
