"""Steps of a tenant's sagas whose commands come from other apps, and the notification of its administrators."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from apps.kernel.db.tenant_transaction import within
from apps.kernel.tenant import TenantInfo
from apps.operations.commands import NotifyAdministrators
from apps.sagas.steps import ScopedCommand
from apps.tenancy.hooks import Contributions, Transition

Commands = Callable[[Any], Iterable[ScopedCommand]]


class _OfTenant(Protocol):
    @property
    def tenant(self) -> TenantInfo: ...


def contributions(hook: Contributions[Any], part: str, context_of: Callable[[Any], _OfTenant]) -> Commands:
    """The commands that apps contribute to a part of the saga, created in the scope in which they will run."""

    def commands_of(data: Any) -> Iterable[ScopedCommand]:
        context = context_of(data)
        for contribution in hook.to(part):
            scope = None if contribution.on_platform else context.tenant
            with within(scope):
                commands = tuple(contribution.commands(context))
            yield from (ScopedCommand(command, scope) for command in commands)

    return commands_of


def notify_administrators(change: str, transition_of: Callable[[Any], Transition]) -> Commands:
    """The command that notifies the tenant's administrators of the change."""

    def commands_of(data: Any) -> Iterable[ScopedCommand]:
        transition = transition_of(data)
        yield ScopedCommand(
            NotifyAdministrators(tenant_id=transition.tenant.id, change=change, reason=transition.reason)
        )

    return commands_of
