"""One page of a search among many rows, compared with the same page among 100 rows, in one run.

`python -m benchmarks.searching [rows]`; 100,000 by default. The ratio should be near 1: a page costs what it shows.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from hashlib import md5
from typing import Any

from benchmarks.environment import environment, report

FEW, ROUNDS, PAGE = 100, 15, 50
TARGET = "ratio ≤ 5"
TABLES = ("sales_customer", "sales_order", "payments_payment")


def main(rows: int) -> None:
    with environment() as tenant:
        from apps.kernel.tenant import activate

        with activate(tenant):
            _fill(1, FEW)
            few = dict(_measured())
            _fill(FEW + 1, rows)
            many = dict(_measured())
        report({name: _compared(few[name], many[name], rows) for name in few} | {"target": TARGET})


def _compared(few_ms: float, many_ms: float, rows: int) -> dict[str, float]:
    return {f"{FEW} rows, ms": few_ms, f"{rows:,} rows, ms": many_ms, "ratio": round(many_ms / few_ms, 1)}


def _measured() -> Iterator[tuple[str, float]]:
    """Each search with its median time."""
    from apps.payments.models import Payment
    from apps.payments.search import PAYMENTS
    from apps.sales.models import Customer, Order
    from apps.sales.search import CUSTOMERS, ORDERS

    customers, orders, payments = (model.objects.order_by("-pk") for model in (Customer, Order, Payment))
    name = md5(b"77", usedforsecurity=False).hexdigest()
    yield "customers by name", _median(lambda: CUSTOMERS.rows(customers, f"müller {name[:8]}", _may))
    yield "customers by e-mail address", _median(lambda: CUSTOMERS.rows(customers, "m77@x.example", _may))
    yield "orders by number", _median(lambda: ORDERS.rows(orders, "so-77", _may))
    yield "orders by amount", _median(lambda: ORDERS.rows(orders, "177.00", _may))
    yield "orders by customer", _median(lambda: ORDERS.rows(orders, name, _may))
    yield "payments by customer and amount", _median(lambda: PAYMENTS.rows(payments, f"{name} 177.00", _may))
    yield "orders by a word that matches none", _median(lambda: ORDERS.rows(orders, "zzzz", _may))
    yield (
        "customers by a word of all, without a target",
        _median(lambda: CUSTOMERS.rows(customers, "müller", _may)),
    )


def _may(permission: str) -> bool:
    return True


def _median(search: Callable[[], Any]) -> float:
    """Milliseconds of a page and of the number of results, as a list reads them."""
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        rows = search()
        rows.count()
        list(rows[:PAGE])
        seconds.append(time.perf_counter() - began)
    return round(statistics.median(seconds[1:]) * 1000, 2)


def _fill(first: int, last: int) -> None:
    """Inserts customers with an order and a payment of their own as the owner, without triggers."""
    from django.db import connection, connections

    connection.close()
    with connections["owner"].cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in _ROWS:
            cursor.execute(statement, {"first": first, "last": last})
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            cursor.execute(f"VACUUM ANALYZE {table}")


_ROWS = (
    """
INSERT INTO sales_customer (id, code, name, email, address)
OVERRIDING SYSTEM VALUE
SELECT number, 'CUST' || number, md5(number::text) || ' & Müller', 'm' || number || '@x.example', ''
FROM generate_series(%(first)s::bigint, %(last)s) AS number
""",
    """
INSERT INTO sales_order (id, customer_id, currency, amount_minor, provider, token, state, placed_at, placed_by, why)
OVERRIDING SYSTEM VALUE
SELECT number, number, 'USD', number * 100 + 10000, 'manual', '', 'placed', now(), 'benchmark', ''
FROM generate_series(%(first)s::bigint, %(last)s) AS number
""",
    """
INSERT INTO payments_payment (id, reference, amount_minor, currency, provider, token, state, provider_payment_id, why,
    requested_at)
OVERRIDING SYSTEM VALUE
SELECT number, 'order:' || number, number * 100 + 10000, 'USD', 'manual', '', 'requested', '', '', now()
FROM generate_series(%(first)s::bigint, %(last)s) AS number
""",
)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
