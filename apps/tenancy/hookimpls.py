"""What tenancy plugs in: the audit log of a suspended or archived tenant goes to cold storage, and a new tenant needs a
free name and a database. The import loads the handlers of the subpackage: the bus looks in the app itself only."""

from collections.abc import Iterable
from contextlib import suppress

from apps.audit import rules as audit
from apps.audit.commands import MoveToColdStorage
from apps.audit.errors import NothingDueForColdStorage
from apps.kernel.clock import today
from apps.kernel.errors import together

from . import queries, rules
from .erasure import handlers as _erasure  # noqa: F401 - registers itself on import
from .hooks import TenantRequest, Transition, on_archival, on_suspension, request_check
from .placement.choice import choose_database


@on_suspension("data")
@on_archival("data")
def move_to_cold_storage(transition: Transition) -> Iterable[MoveToColdStorage]:
    """Records that are due go to cold storage; younger ones stay."""
    with suppress(NothingDueForColdStorage):
        audit.records_must_be_due(today())
        yield MoveToColdStorage(before=today(), reason=transition.reason)


@request_check
def a_tenant_must_be_possible(request: TenantRequest) -> None:
    """A pending tenant already has its database. Raises NoDatabaseHasCapacity as well."""
    with together() as refusals:
        refusals.check(rules.slug_must_be_well_formed, request.slug)
        refusals.check(rules.slug_must_be_free, request.slug)
        if queries.find(slug=request.slug) is None:
            refusals.check(choose_database, region=request.region)
