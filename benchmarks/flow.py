"""Throughput and latency of commands, events, queues and the sealed audit log.

`python -m benchmarks.flow [bus|relay|latency|flood|audit_log …]`; all sections by default.
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from benchmarks.environment import compare, environment, process, rate, report, spread, until, worker

EVENTS, DELIVERED, FLOOD, FINANCIAL, COMMANDS, RECORDS = 6_000, 120, 300, 40, 500, 50_000


def bus() -> dict[str, Any]:
    """A command, compared with a write of the same rows by the ORM in one transaction.

    A setting measures the bus itself. An entry has rules that read the ledger; its second baseline looks up account,
    journal and period as well.
    """
    return {
        "a setting, CPU": _bus_of_a_setting(),
        "an entry, CPU": _bus_of_an_entry(with_lookups=False),
        "an entry, CPU, baseline with look-ups": _bus_of_an_entry(with_lookups=True),
        "target": "≤ 1.6",
    }


def _bus_of_a_setting() -> dict[str, Any]:
    from django.db import transaction

    from apps.bus import dispatch
    from apps.settings.commands import ChangeSetting
    from apps.settings.models import Setting

    def change(number: int) -> None:
        dispatch(ChangeSetting(key="periods.reason_length", value=1 + number % 500), actor=_clerk())

    change(0)
    write_records = _record_writer()

    def bare(number: int) -> None:
        with transaction.atomic():
            row = Setting.objects.select_for_update().get(key="periods.reason_length")
            row.value = 1 + number % 500
            row.save()
            write_records()

    return compare(change, bare)


def _bus_of_an_entry(*, with_lookups: bool) -> dict[str, Any]:
    from django.db import transaction

    from apps.bus import dispatch
    from apps.kernel.clock import now
    from apps.ledger.models import Account, Entry, EntryLine, Journal
    from apps.periods.models import Period

    def look_up() -> tuple[list[Account], Journal, Period]:
        accounts = Account.objects.in_bulk(["1000", "4000"], field_name="code")
        period = Period.objects.covering(_day()).select_related("year").get()
        return [accounts["1000"], accounts["4000"]], Journal.objects.get(code="GEN"), period

    sale = _sales()
    dispatch(sale(0), actor=_clerk())
    write_records, loaded = _record_writer(), look_up()

    def bare(number: int) -> None:
        with transaction.atomic():
            accounts, journal, period = look_up() if with_lookups else loaded
            entry = Entry.objects.create(
                journal=journal, period=period, posted_on=_day(), memo=f"Sale {number}", created_at=now()
            )
            sides = zip(accounts, (1000, -1000), strict=True)
            EntryLine.objects.bulk_create(
                EntryLine(entry=entry, line_no=line_no, account=account, currency="USD", amount_minor=minor)
                for line_no, (account, minor) in enumerate(sides, start=1)
            )
            entry.post()
            write_records()

    return compare(lambda number: dispatch(sale(number), actor=_clerk()), bare)


def _record_writer() -> Callable[[], None]:
    """Inserts copies of the latest audit record and outbox event, with rights that only a baseline has."""
    from django.db import connections

    from apps.audit.models import Record
    from apps.events.models import OutboxEvent

    with connections["owner"].cursor() as cursor:
        cursor.execute("GRANT INSERT ON audit_record, events_outboxevent TO bursar_tables")
    rows = [Record.objects.order_by("-id")[0], OutboxEvent.objects.order_by("-id")[0]]

    def write() -> None:
        for row in rows:
            row.pk = None
            row.save(force_insert=True)

    return write


def relay() -> dict[str, Any]:
    """Routing of committed events, compared with the same number of plain Celery messages."""
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
    routed = rate(lambda: sum(iter(route, 0)))
    deliveries = Delivery.objects.count() - before

    def bare() -> int:
        with current_app.producer_pool.acquire() as producer, producer.batch(max_size=500):
            for number in range(EVENTS):
                current_app.send_task("events.deliver", args=(number,), queue="low", producer=producer)
        return EVENTS

    baseline = rate(bare)
    with current_app.connection_for_write() as broker:
        broker.default_channel.client.flushdb()
    Delivery.objects.open().update(
        status=Delivery.Status.DROPPED, hinted_at=None
    )  # open deliveries would delay the next sections
    return {
        "events_per_second": routed,
        "deliveries_per_event": deliveries / EVENTS,
        "plain_messages_per_second": baseline,
        "target": "≥ 3,000 events/s",
    }


def latency() -> dict[str, Any]:
    """From the commit of a change to the end of its listener in another process, on an idle system."""
    from django.db import transaction

    from apps.events import publish
    from apps.ledger.events import EntryPosted

    def emit(number: int) -> None:
        with transaction.atomic():
            publish(
                EntryPosted(entry_id=-number, journal="GEN", posted_on=_day(), period_id=1, reverses=None)
            )

    with process("django", "relay"), worker("audit"), worker("billing"):
        emit(0)
        until(lambda: _delivered("operations.count_entry").exists())
        waits = []
        for number in range(1, DELIVERED + 1):
            emit(number)
            waits.append(time.time())
            time.sleep(0.05)
        until(lambda: _delivered("operations.count_entry").count() > DELIVERED)
    done = [
        moment.timestamp()
        for moment in _delivered("operations.count_entry").values_list("finished_at", flat=True)
    ]
    seconds = [delivered - committed for delivered, committed in zip(done[-DELIVERED:], waits, strict=True)]
    return {"commit to listener": spread(seconds), "target": "p95 ≤ 100 ms"}


def flood() -> dict[str, Any]:
    """The wait of a financial command while `default` is flooded, compared with an idle system."""
    with process("django", "relay"), worker("financial"), worker("default"), worker("audit"):
        for queue in ("financial", "default"):
            _send(queue, 0)
            until(_executed(queue).exists)
        idle = _financial_waits()
        sent = time.time()
        for number in range(FLOOD):
            _send("default", number)
        busy = _financial_waits()
        until(lambda: _executed("default").count() >= FLOOD)
        behind = [
            moment.timestamp() - sent for moment in _executed("default").values_list("finished_at", flat=True)
        ]
    return {
        "financial, idle": spread(idle),
        "financial, default flooded": spread(busy),
        "the flood itself": spread(behind),
    }


def _financial_waits() -> list[float]:
    waits = []
    for number in range(FINANCIAL):
        before = _executed("financial").count()
        _send("financial", number)
        sent = time.time()
        until(lambda seen=before: _executed("financial").count() > seen)
        waits.append(_executed("financial").last().finished_at.timestamp() - sent)
    return waits


def _executed(queue: str) -> Any:
    return _delivered("bus.execute_command").filter(queue=queue)


def _send(queue: str, number: int) -> None:
    from apps.bus.sending import dispatch_async
    from apps.ledger.commands import PostEntry

    PostEntry.queue = queue
    dispatch_async(_sales()(number), actor=_clerk())


def audit_log() -> dict[str, Any]:
    """Rates of sealing and verifying the audit log, compared with the rate of commands that write it."""
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
        Record.objects.using("owner").bulk_create(copies)
    sealed = rate(lambda: sum(segment.records for segment in sealing.seal()))
    verification.verify()
    began = time.process_time()
    result = verification.verify()
    busy = time.process_time() - began
    return {
        "commands_per_second": written,
        "sealed_per_second": sealed,
        "seal_ratio": round(sealed / written, 1),
        "verified_per_second": round(result.rate),
        "verified_per_cpu_second": round(result.records / busy),
        "records": result.records,
        "intact": result.intact,
        "target": "seal ≥ 5 × commands, verify ≥ 100,000/s",
    }


def _delivered(subscriber: str) -> Any:
    from apps.events.models import Delivery

    return Delivery.objects.filter(subscriber=subscriber, status="done").order_by("event_id")


def _clerk() -> Any:
    from apps.kernel.actors import System

    return System("benchmark")


def _day() -> dt.date:
    from apps.kernel.clock import today

    return dt.date(today().year, 6, 1)


def _sales() -> Callable[[int], Any]:
    """Builds the command of a sale. Opens missing accounts."""
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
    with environment() as tenant:
        from apps.kernel.tenant import activate

        with activate(tenant):
            report({name: SECTIONS[name]() for name in wanted or SECTIONS})


if __name__ == "__main__":
    main(sys.argv[1:])
