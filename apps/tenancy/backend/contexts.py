"""`schema_context` and `tenant_context` of django-tenants, over `activate()`.

Both set the tenant of a connection when a block begins and again when it ends. Other callers are refused: without an
end, their tenant would remain for the next work of the thread.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from types import CodeType
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from django_tenants.utils import schema_context, tenant_context

from apps.kernel.tenant import PUBLIC_SCHEMA, TenantInfo, activate, is_tenant_set
from apps.tenancy.errors import TenantUnknown


@dataclass(frozen=True, slots=True)
class PlatformTenant:
    """The platform, where code for django-tenants expects a tenant."""

    schema_name: str = PUBLIC_SCHEMA
    id: None = None
    pk: None = None


PLATFORM_TENANT = PlatformTenant()

_BEGINS = frozenset(context.__enter__.__code__ for context in (schema_context, tenant_context))
_ENDS = frozenset(context.__exit__.__code__ for context in (schema_context, tenant_context))

_open: ContextVar[tuple[AbstractContextManager[None], ...]] = ContextVar("open_contexts", default=())
"""The blocks in progress, the innermost last. The library stores the previous tenant in the context object, which
threads share if it decorates a function."""


def switch(subject: Any, caller: CodeType) -> None:
    """Called by the methods of a connection that set a tenant. `subject` is the name of a schema, or an object that has
    one; `caller` is the code that calls the method. Raises RuntimeError for a caller without a block,
    TenantSwitchInTransaction, and LookupError for an unknown schema."""
    if caller in _BEGINS:
        return _begin(subject)
    if caller in _ENDS:
        return _end()
    raise RuntimeError(
        f"{caller.co_qualname}() sets a tenant without an end. Use `with tenant_context(…)`, or"
        " apps.kernel.tenant.activate()."
    )


def _begin(subject: Any) -> None:
    context = activate(_tenant(subject))
    context.__enter__()
    _open.set((*_open.get(), context))


def _end() -> None:
    *outer, context = _open.get()
    _open.set(tuple(outer))
    context.__exit__(None, None, None)


def _tenant(subject: Any) -> TenantInfo | None:
    if isinstance(subject, TenantInfo):
        return subject
    schema = subject if isinstance(subject, str) else str(subject.schema_name)
    if schema == PUBLIC_SCHEMA:
        return None
    with nullcontext() if is_tenant_set() else activate(None):
        tenant: TenantInfo | None = import_string(settings.TENANT_BY_SCHEMA)(schema)
    if tenant is None:
        raise TenantUnknown(slug=schema)
    return tenant
