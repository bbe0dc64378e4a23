"""What must be true when everything has settled, each in one function that returns what is not.

Nothing is lost: what was acknowledged stands. Nothing is doubled: it stands once, and nothing stands that nobody was
told of. Nothing is stuck: orders, journeys and deliveries have ended. The books agree.
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

from .clerks import Deed, Diary

ORDERS_END_AS = (Order.State.COMPLETED, Order.State.CANCELLED)


def unsettled(tenants: Iterable[TenantInfo]) -> list[str]:
    """What is still under way, or will never end. Nothing, once all has settled."""
    found = [*_events_under_way()]
    for tenant in tenants:
        with activate(tenant):
            found += [f"{tenant.slug}: {each}" for each in _business_under_way()]
    return found


def faults(tenants: Iterable[TenantInfo], diary: Diary) -> list[str]:
    """All that is not as it must be."""
    found = [*diary.last_errors, *_odd_refusals(diary)]
    for tenant in tenants:
        with activate(tenant):
            found += [f"{tenant.slug}: {fault}" for fault in _faults_of(tenant, diary)]
    return found


def broken_audit_logs(tenants: Iterable[TenantInfo]) -> list[str]:
    """Seal what can be sealed, and verify all."""
    found = []
    for tenant in (None, *tenants):
        with activate(tenant):
            sealing.seal()
            verified = verification.verify()
        name = tenant.slug if tenant else "the platform"
        found += [f"the audit log of {name}: {fault.kind}: {fault.detail}" for fault in verified.faults]
        if not verified.records:
            found.append(f"the audit log of {name} holds nothing that is sealed")
    return found


# Settling


def _events_under_way() -> Iterator[str]:
    if unrouted := OutboxEvent.objects.using("relay").filter(routed_at=None).count():
        yield f"{unrouted} events are not routed"
    open_ones = Delivery.objects.using("relay").unsettled().exclude(event__due_at__gt=now())
    for one in open_ones.select_related("event").order_by("id")[:20]:
        yield f"{one.subscriber} has not heard {one.event}: {one.status}, {one.attempts} tries, {one.last_error}"


def _business_under_way() -> Iterator[str]:
    for order in Order.objects.exclude(state__in=ORDERS_END_AS).order_by("id")[:20]:
        yield f"order {order} is {order.state}"
    for run in Run.objects.in_progress().order_by("id")[:20]:
        yield f"{run} is {run.state} at “{run.step}” after {run.attempts} tries: {run.last_error}"


# What was acknowledged


def _faults_of(tenant: TenantInfo, diary: Diary) -> Iterator[str]:
    yield from _orders(diary.acknowledged(tenant.slug, "order"))
    yield from _entries(diary.acknowledged(tenant.slug, "entry"))
    yield from _refunds(diary.acknowledged(tenant.slug, "refund"))
    yield from _confirmations(diary.acknowledged(tenant.slug, "confirm"))
    yield from _cancellations(diary.acknowledged(tenant.slug, "cancel"))
    yield from sales.reconcile()
    yield from _balance()
    yield from _processor()
    yield from _ears(tenant)


def _orders(deeds: Sequence[Deed]) -> Iterator[str]:
    there = {order.pk: order for order in Order.objects.all()}
    yield from _once("order", there, {deed.name: deed.result["id"] for deed in deeds})
    yield from _recorded("sales.place_order", there)
    for deed in deeds:
        order = there.get(deed.result["id"])
        if order and order.total.amount != _worth(deed):
            yield f"order {order} is not what {deed.name} asked for: {order.total}"


def _entries(deeds: Sequence[Deed]) -> Iterator[str]:
    there = {entry.pk: entry for entry in Entry.objects.posted().filter(memo="Soak")}
    yield from _once("entry", there, {deed.name: deed.result["id"] for deed in deeds})
    yield from _recorded("ledger.post_entry", there)
    for deed in deeds:
        entry = there.get(deed.result["id"])
        if entry and entry.reference != deed.name:
            yield f"entry {entry.pk} is that of {entry.reference}, and {deed.name} was told of it"


def _refunds(deeds: Sequence[Deed]) -> Iterator[str]:
    there = {refund.pk: refund for refund in Refund.objects.filter(reference__startswith="soak-")}
    yield from _once("refund", there, {deed.name: deed.result["id"] for deed in deeds})
    for deed in deeds:
        refund = there.get(deed.result["id"])
        if refund and (refund.reference, refund.amount.amount) != (deed.name, Decimal(deed.body["amount"])):
            yield f"{refund} is not what {deed.name} asked for: {refund.amount}"


def _confirmations(deeds: Sequence[Deed]) -> Iterator[str]:
    for deed in deeds:
        said = deed.body["provider_payment_id"]
        count = Payment.objects.filter(provider_payment_id=said, state=Payment.State.CONFIRMED).count()
        if count != 1:
            yield f"the transfer {said} confirms {count} payments"


def _cancellations(deeds: Sequence[Deed]) -> Iterator[str]:
    for deed in deeds:
        order = Order.objects.get(pk=deed.result["id"])
        if order.state != Order.State.CANCELLED:
            yield f"order {order} was cancelled by {deed.name} and is {order.state}"


def _once(kind: str, there: Iterable[int], told: dict[str, int]) -> Iterator[str]:
    """Each request has one effect of its own, and each effect its request."""
    names = defaultdict(list)
    for name, pk in told.items():
        names[pk].append(name)
    yield from (
        f"{kind} {pk} is lost, of which {names[pk][0]} was told" for pk in sorted(names.keys() - there)
    )
    yield from (f"{kind} {pk} is there, and nobody was told" for pk in sorted(set(there) - names.keys()))
    yield from (f"{kind} {pk} answers {' and '.join(each)}" for pk, each in names.items() if len(each) > 1)


def _recorded(command: str, there: Iterable[int]) -> Iterator[str]:
    """The audit log says once that it was done."""
    done = Record.objects.filter(command=command, outcome=Record.Outcome.DONE).values_list(
        "subject_id", flat=True
    )
    times = Counter(done)
    yield from (
        f"{command} of {pk} is recorded {times[str(pk)]} times" for pk in there if times[str(pk)] != 1
    )


def _worth(deed: Deed) -> Decimal:
    return sum((Decimal(each["price"]) * each["quantity"] for each in deed.body["lines"]), Decimal(0))


def _odd_refusals(diary: Diary) -> Iterator[str]:
    """Nothing speaks against an order or an entry; a refund or a cancellation may come too early, too late or be too
    much."""
    for deed in diary.refused():
        assert deed.answer
        if deed.kind in ("order", "entry", "confirm") or deed.answer.status not in (404, 409, 422):
            yield f"{deed.name} was refused: {deed.kind} {deed.body}: {deed.answer.status} {deed.answer.body}"


# The books and the others


def _balance() -> Iterator[str]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in ledger.trial_balance(by="total"):
        sums[row.currency] += row.closing
    yield from (f"the trial balance in {currency} is {left}" for currency, left in sums.items() if left)


def _processor() -> Iterator[str]:
    """What the card processor took and gave back is what we think it did."""
    done = SandboxOperation.objects.filter(declined="").values_list("key", "amount_minor")
    payments = Payment.objects.filter(provider="sandbox", state=Payment.State.CONFIRMED)
    refunds = Refund.objects.filter(payment__provider="sandbox")
    ours = {
        f"{kind}:{pk}": minor
        for kind, pk, minor in chain(
            (("payment", payment.pk, payment.amount_minor) for payment in payments),
            (("refund", refund.pk, refund.amount_minor) for refund in refunds),
        )
    }
    theirs = dict(done)
    for key in sorted(ours.keys() | theirs.keys()):
        if ours.get(key) != theirs.get(key):
            yield f"of {key} the processor says {theirs.get(key)} and we {ours.get(key)}"


def _ears(tenant: TenantInfo) -> Iterator[str]:
    """A listener that counts has heard each entry once."""
    counted = TenantActivity.objects.get(tenant_id=tenant.id).entries_posted
    posted = Entry.objects.posted().count()
    if counted != posted:
        yield f"{posted} entries are posted and {counted} were heard of"
