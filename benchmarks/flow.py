"""What passes through the house: commands, events, queues, the sealed audit log.

`python -m benchmarks.flow [bus|relay|latency|flood|audit log …]`; all of them without a name.
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from benchmarks.standing import beside, house, process, rate, say, spread, until, worker

EVENTS, HEARD, FLOOD, FINANCIAL, COMMANDS, RECORDS = 6_000, 120, 300, 40, 500, 50_000


def bus() -> dict[str, Any]:
    """A command through everything, beside a write of the same rows by the ORM in one transaction.

    A setting shows the bus itself. An entry has rules that read the books; its second floor finds the account, the
    journal and the period by the words of the command, as any code must that is asked by words.
    """
    return {
        "a setting, CPU": _bus_of_a_setting(),
        "an entry, CPU": _bus_of_an_entry(finding=False),
        "an entry, CPU, floor finds its rows": _bus_of_an_entry(finding=True),
        "target": "≤ 1.6",
    }


def _bus_of_a_setting() -> dict[str, Any]:
    from django.db import transaction

    from apps.bus import dispatch
    from apps.settings.commands import ChangeSetting
    from apps.settings.models import Setting

    def change(number: int) -> None:
        dispatch(ChangeSetting(key="payments.bank_account", value=f"{number}"), actor=_clerk())

    change(0)
    write_told = _told_again()

    def bare(number: int) -> None:
        with transaction.atomic():
            row = Setting.objects.select_for_update().get(key="payments.bank_account")
            row.value = f"{number}"
            row.save()
            write_told()

    return beside(change, bare)


def _bus_of_an_entry(*, finding: bool) -> dict[str, Any]:
    from django.db import transaction

    from apps.bus import dispatch
    from apps.kernel.clock import now
    from apps.ledger.models import Account, Entry, EntryLine, Journal
    from apps.periods.models import Period

    def found() -> tuple[list[Account], Journal, Period]:
        accounts = Account.objects.in_bulk(["1000", "4000"], field_name="code")
        period = Period.objects.covering(_day()).select_related("year").get()
        return [accounts["1000"], accounts["4000"]], Journal.objects.get(code="GEN"), period

    sale = _sales()
    dispatch(sale(0), actor=_clerk())
    write_told, ready = _told_again(), found()

    def bare(number: int) -> None:
        with transaction.atomic():
            accounts, journal, period = found() if finding else ready
            entry = Entry.objects.create(
                journal=journal, period=period, posted_on=_day(), memo=f"Sale {number}", created_at=now()
            )
            sides = zip(accounts, (1000, -1000), strict=True)
            EntryLine.objects.bulk_create(
                EntryLine(entry=entry, line_no=line_no, account=account, currency="USD", amount_minor=minor)
                for line_no, (account, minor) in enumerate(sides, start=1)
            )
            entry.post()
            write_told()

    return beside(lambda number: dispatch(sale(number), actor=_clerk()), bare)


def _told_again() -> Callable[[], None]:
    """Writes the audit row and the outbox row of the latest command once more."""
    from apps.audit.models import Record
    from apps.events.models import OutboxEvent

    rows = [Record.objects.order_by("-id")[0], OutboxEvent.objects.order_by("-id")[0]]

    def write() -> None:
        for row in rows:
            row.pk = None
            row.save(force_insert=True)

    return write


def relay() -> dict[str, Any]:
    """Committed events given to their listeners and hinted, beside the same number of bare Celery messages."""
    from celery import current_app
    from django.db import transaction

    from apps.events import publish
    from apps.events.models import Delivery
    from apps.events.relay import route
    from apps.ledger.events import EntryPosted

    with transaction.atomic():
        for number in range(EVENTS):
            publish(EntryPosted(entry_id=number, journal="GEN", posted_on=_day(), period_id=1, reverses=None))
    before = Delivery.objects.count()
    ours = rate(lambda: sum(iter(route, 0)))
    given = Delivery.objects.count() - before

    def bare() -> int:
        with current_app.producer_pool.acquire() as producer, producer.batch(max_size=500):
            for number in range(EVENTS):
                current_app.send_task("events.deliver_low", args=(number,), queue="low", producer=producer)
        return EVENTS

    floor = rate(bare)
    with current_app.connection_for_write() as broker:
        broker.default_channel.client.flushdb()
    Delivery.objects.open().update(
        status=Delivery.Status.DROPPED, hinted_at=None
    )  # nothing stands before what follows
    return {
        "events_per_second": ours,
        "deliveries_per_event": given / EVENTS,
        "bare_messages_per_second": floor,
        "target": "≥ 3,000 events/s",
    }


def latency() -> dict[str, Any]:
    """From the commit of a change to a listener that has heard it, in another process, on an idle house."""
    from django.db import transaction

    from apps.events import publish
    from apps.ledger.events import EntryPosted

    def tell(number: int) -> None:
        with transaction.atomic():
            publish(
                EntryPosted(entry_id=-number, journal="GEN", posted_on=_day(), period_id=1, reverses=None)
            )

    with process("django", "relay"), worker("audit"), worker("billing"):
        tell(0)
        until(lambda: _heard("operations.count_entry").exists())
        waits = []
        for number in range(1, HEARD + 1):
            tell(number)
            waits.append(time.time())
            time.sleep(0.05)
        until(lambda: _heard("operations.count_entry").count() > HEARD)
    done = [each.timestamp() for each in _heard("operations.count_entry").values_list("done_at", flat=True)]
    seconds = [heard - told for heard, told in zip(done[-HEARD:], waits, strict=True)]
    return {"commit to listener": spread(seconds), "target": "p95 ≤ 100 ms"}


def flood() -> dict[str, Any]:
    """How long a financial command waits while `default` is flooded, beside the same on an idle house."""
    with process("django", "relay"), worker("financial"), worker("default"), worker("audit"):
        for queue in ("financial", "default"):
            _send(queue, 0)
            until(_heard(f"bus.do_{queue}").exists)
        idle = _financial_waits()
        sent = time.time()
        for number in range(FLOOD):
            _send("default", number)
        busy = _financial_waits()
        until(lambda: _heard("bus.do_default").count() >= FLOOD)
        behind = [
            each.timestamp() - sent for each in _heard("bus.do_default").values_list("done_at", flat=True)
        ]
    return {
        "financial, idle": spread(idle),
        "financial, default flooded": spread(busy),
        "the flood itself": spread(behind),
    }


def _financial_waits() -> list[float]:
    waits = []
    for number in range(FINANCIAL):
        before = _heard("bus.do_financial").count()
        _send("financial", number)
        sent = time.time()
        until(lambda seen=before: _heard("bus.do_financial").count() > seen)
        waits.append(_heard("bus.do_financial").last().done_at.timestamp() - sent)
    return waits


def _send(queue: str, number: int) -> None:
    from apps.bus.sending import dispatch_async
    from apps.ledger.commands import PostEntry

    PostEntry.queue = queue
    dispatch_async(_sales()(number), actor=_clerk())


def audit_log() -> dict[str, Any]:
    """How fast the audit log is sealed and verified, beside how fast commands write it."""
    from apps.audit import sealing, verification
    from apps.audit.models import Record
    from apps.bus import dispatch

    sale = _sales()

    def write() -> int:
        for number in range(COMMANDS):
            dispatch(sale(number), actor=_clerk())
        return COMMANDS

    written = rate(write)
    texts = [field.attname for field in Record._meta.concrete_fields if field.name not in ("id", "xid")]
    rows = list(Record.objects.order_by("-id")[:COMMANDS].values(*texts))
    for _ in range(RECORDS // COMMANDS):
        copies = [Record(**row) for row in rows]
        for copy in copies:
            copy.commit_to_texts()
        Record.objects.bulk_create(copies)
    sealed = rate(lambda: sum(each.records for each in sealing.seal()))
    verification.verify()
    began = time.process_time()
    found = verification.verify()
    busy = time.process_time() - began
    return {
        "commands_per_second": written,
        "sealed_per_second": sealed,
        "seal_ratio": round(sealed / written, 1),
        "verified_per_second": round(found.rate),
        "verified_per_second_of_our_cpu": round(found.records / busy),
        "records": found.records,
        "intact": found.intact,
        "target": "seal ≥ 5 × commands, verify ≥ 100,000/s",
    }


def _heard(subscriber: str) -> Any:
    from apps.events.models import Delivery

    return Delivery.objects.filter(subscriber=subscriber, status="done").order_by("event_id")


def _clerk() -> Any:
    from apps.kernel.actors import System

    return System("benchmark")


def _day() -> dt.date:
    from apps.kernel.clock import today

    return dt.date(today().year, 6, 1)


def _sales() -> Callable[[int], Any]:
    """Makes the command of a sale; the accounts are opened when they are not there."""
    from apps.bus import dispatch
    from apps.ledger.commands import Line, OpenAccount, PostEntry
    from apps.ledger.models import Account

    for code, kind in (("1000", "asset"), ("4000", "income")):
        if not Account.objects.filter(code=code).exists():
            dispatch(OpenAccount(code=code, name=code, type=kind), actor=_clerk())
    lines = tuple(
        Line(account=code, currency="USD", amount=Decimal(amount))
        for code, amount in (("1000", 10), ("4000", -10))
    )
    return lambda number: PostEntry(posted_on=_day(), memo=f"Sale {number}", lines=lines)


SECTIONS: dict[str, Callable[[], dict[str, Any]]] = {
    "bus": bus,
    "relay": relay,
    "latency": latency,
    "flood": flood,
    "audit_log": audit_log,
}


def main(wanted: list[str]) -> None:
    with house() as tenant:
        from apps.kernel.tenant import activate

        with activate(tenant):
            say({name: SECTIONS[name]() for name in wanted or SECTIONS})


if __name__ == "__main__":
    main(sys.argv[1:])
