"""Checks after a run has settled. Each function returns the violations.

Nothing is lost: each acknowledged operation has its effect. Nothing is doubled: it has one effect, and each effect has
an acknowledged operation. Nothing is stuck: orders, sagas and deliveries have ended. The ledger balances.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain

from apps.audit import sealing, verification
from apps.audit.models import Record
from apps.events.models import Delivery, OutboxEvent
from apps.kernel.clock import now
from apps.kernel.tenant import TenantInfo, activate
from apps.ledger import queries as ledger
from apps.ledger.models import Entry
from apps.payments.models import Payment, Refund, SandboxOperation
from apps.sagas.models import Run
from apps.sales import queries as sales
from apps.sales.models import Order
from apps.tenancy.models import TenantActivity

from .workload import Journal, Operation

FINAL_ORDER_STATES = (Order.State.COMPLETED, Order.State.CANCELLED)


def unsettled(tenants: Iterable[TenantInfo]) -> list[str]:
    """Unfinished work; empty when all has settled."""
    unfinished = [*_unfinished_events()]
    for tenant in tenants:
        with activate(tenant):
            unfinished += [f"{tenant.slug}: {item}" for item in _unfinished_business()]
    return unfinished


def faults(tenants: Iterable[TenantInfo], journal: Journal) -> list[str]:
    """All violations."""
    faults = [*journal.last_errors, *_odd_refusals(journal)]
    for tenant in tenants:
        with activate(tenant):
            faults += [f"{tenant.slug}: {fault}" for fault in _faults_of(tenant, journal)]
    return faults


def broken_audit_logs(tenants: Iterable[TenantInfo]) -> list[str]:
    """Seal the audit logs, and verify them."""
    faults = []
    for tenant in (None, *tenants):
        with activate(tenant):
            sealing.seal()
            verified = verification.verify()
        name = tenant.slug if tenant else "the platform"
        faults += [f"the audit log of {name}: {fault.kind}: {fault.detail}" for fault in verified.faults]
        if not verified.records:
            faults.append(f"the audit log of {name} has no sealed records")
    return faults


# Settling


def _unfinished_events() -> Iterator[str]:
    if unrouted := OutboxEvent.objects.using("relay").filter(routed_at=None).count():
        yield f"{unrouted} events are not routed"
    unsettled_deliveries = Delivery.objects.using("relay").unsettled().exclude(event__due_at__gt=now())
    for delivery in unsettled_deliveries.select_related("event").order_by("id")[:20]:
        state = f"{delivery.status}, {delivery.attempts} attempts, {delivery.last_error}"
        yield f"{delivery.subscriber} has not handled {delivery.event}: {state}"


def _unfinished_business() -> Iterator[str]:
    for order in Order.objects.exclude(state__in=FINAL_ORDER_STATES).order_by("id")[:20]:
        yield f"order {order} is {order.state}"
    for run in Run.objects.in_progress().order_by("id")[:20]:
        yield f"{run} is {run.state} at “{run.step}” after {run.attempts} attempts: {run.last_error}"


# Acknowledged operations


def _faults_of(tenant: TenantInfo, journal: Journal) -> Iterator[str]:
    yield from _orders(journal.acknowledged(tenant.slug, "order"))
    yield from _entries(journal.acknowledged(tenant.slug, "entry"))
    yield from _refunds(journal.acknowledged(tenant.slug, "refund"))
    yield from _confirmations(journal.acknowledged(tenant.slug, "confirm"))
    yield from _cancellations(journal.acknowledged(tenant.slug, "cancel"))
    yield from sales.reconcile()
    yield from _balance()
    yield from _processor()
    yield from _listeners(tenant)


def _orders(operations: Sequence[Operation]) -> Iterator[str]:
    rows = {order.pk: order for order in Order.objects.all()}
    yield from _once("order", rows, {operation.name: operation.result["id"] for operation in operations})
    yield from _recorded("sales.place_order", rows)
    for operation in operations:
        order = rows.get(operation.result["id"])
        if order and order.total.amount != _total(operation):
            yield f"order {order} is not what {operation.name} requested: {order.total}"


def _entries(operations: Sequence[Operation]) -> Iterator[str]:
    rows = {entry.pk: entry for entry in Entry.objects.posted().filter(memo="Soak")}
    yield from _once("entry", rows, {operation.name: operation.result["id"] for operation in operations})
    yield from _recorded("ledger.post_entry", rows)
    for operation in operations:
        entry = rows.get(operation.result["id"])
        if entry and entry.reference != operation.name:
            yield f"entry {entry.pk} belongs to {entry.reference}, and was acknowledged to {operation.name}"


def _refunds(operations: Sequence[Operation]) -> Iterator[str]:
    rows = {refund.pk: refund for refund in Refund.objects.filter(reference__startswith="soak-")}
    yield from _once("refund", rows, {operation.name: operation.result["id"] for operation in operations})
    for operation in operations:
        refund = rows.get(operation.result["id"])
        if refund and (refund.reference, refund.amount.amount) != (
            operation.name,
            Decimal(operation.body["amount"]),
        ):
            yield f"{refund} is not what {operation.name} requested: {refund.amount}"


def _confirmations(operations: Sequence[Operation]) -> Iterator[str]:
    for operation in operations:
        transfer = operation.body["provider_payment_id"]
        count = Payment.objects.filter(provider_payment_id=transfer, state=Payment.State.CONFIRMED).count()
        if count != 1:
            yield f"the transfer {transfer} confirms {count} payments"


def _cancellations(operations: Sequence[Operation]) -> Iterator[str]:
    for operation in operations:
        order = Order.objects.get(pk=operation.result["id"])
        if order.state != Order.State.CANCELLED:
            yield f"order {order} was cancelled by {operation.name} and is {order.state}"


def _once(kind: str, rows: Iterable[int], acknowledged: dict[str, int]) -> Iterator[str]:
    """Each operation has exactly one effect, and each effect exactly one operation."""
    names = defaultdict(list)
    for name, pk in acknowledged.items():
        names[pk].append(name)
    yield from (f"{kind} {pk} is lost, acknowledged to {names[pk][0]}" for pk in sorted(names.keys() - rows))
    yield from (f"{kind} {pk} exists without an acknowledgement" for pk in sorted(set(rows) - names.keys()))
    yield from (
        f"{kind} {pk} is the result of {' and '.join(owners)}"
        for pk, owners in names.items()
        if len(owners) > 1
    )


def _recorded(command: str, rows: Iterable[int]) -> Iterator[str]:
    """Each row has one record in the audit log."""
    done = Record.objects.filter(command=command, outcome=Record.Outcome.DONE).values_list(
        "subject_id", flat=True
    )
    times = Counter(done)
    yield from (f"{command} of {pk} is recorded {times[str(pk)]} times" for pk in rows if times[str(pk)] != 1)


def _total(operation: Operation) -> Decimal:
    return sum((Decimal(line["price"]) * line["quantity"] for line in operation.body["lines"]), Decimal(0))


def _odd_refusals(journal: Journal) -> Iterator[str]:
    """Orders, entries and confirmations are always valid; a refund or a cancellation may be too early, too late or too
    large."""
    for operation in journal.refused():
        assert operation.response
        response = operation.response
        if operation.kind in ("order", "entry", "confirm") or response.status not in (404, 409, 422):
            request = f"{operation.kind} {operation.body}"
            yield f"{operation.name} was refused: {request}: {response.status} {response.body}"


# Ledger, payment processor and listeners


def _balance() -> Iterator[str]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in ledger.trial_balance(by="total"):
        sums[row.currency] += row.closing
    yield from (
        f"the trial balance in {currency} is {difference}"
        for currency, difference in sums.items()
        if difference
    )


def _processor() -> Iterator[str]:
    """Payments and refunds agree with the operations of the card processor."""
    done = SandboxOperation.objects.filter(declined="").values_list("key", "amount_minor")
    payments = Payment.objects.filter(provider="sandbox", state=Payment.State.CONFIRMED)
    refunds = Refund.objects.filter(payment__provider="sandbox")
    recorded = {
        f"{kind}:{pk}": minor
        for kind, pk, minor in chain(
            (("payment", payment.pk, payment.amount_minor) for payment in payments),
            (("refund", refund.pk, refund.amount_minor) for refund in refunds),
        )
    }
    processed = dict(done)
    for key in sorted(recorded.keys() | processed.keys()):
        if recorded.get(key) != processed.get(key):
            yield f"{key}: the processor has {processed.get(key)}, recorded is {recorded.get(key)}"


def _listeners(tenant: TenantInfo) -> Iterator[str]:
    """The listener that counts entries has handled each once."""
    counted = TenantActivity.objects.get(tenant_id=tenant.id).entries_posted
    posted = Entry.objects.posted().count()
    if counted != posted:
        yield f"{posted} entries are posted and {counted} were counted"
