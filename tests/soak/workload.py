"""API clients that place orders, confirm transfers, refund, cancel and post entries over HTTP.

A client without a response repeats the request under the same idempotency key until there is one. Acknowledged
operations are recorded in a journal.
"""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from random import Random
from typing import Any, Protocol

import requests

from apps.kernel import clock

from .shops import CUSTOMER, PASSWORD, owner_of

REQUEST_TIMEOUT_S = 60
CARDS = ("tok_ok",) * 12 + ("tok_declined", "tok_lost_response", "tok_lost_response", "tok_slow")


class NoResponse(Exception):
    """There is no response: the operation may have been executed or not."""


@dataclass(frozen=True)
class ApiResponse:
    status: int
    body: Any
    replayed: bool = False

    @property
    def code(self) -> str:
        return str(self.body.get("code", "")) if isinstance(self.body, dict) else ""

    @property
    def is_final(self) -> bool:
        """The operation was executed or refused, and a repeated request returns the same."""
        return self.status < HTTPStatus.INTERNAL_SERVER_ERROR and self.code != "bus.request_in_flight"


class Endpoint(Protocol):
    def submit(self, path: str, body: object, key: str) -> ApiResponse: ...

    def fetch(self, path: str) -> ApiResponse: ...


@dataclass
class Operation:
    """One operation that must take effect once. `name` is its idempotency key."""

    tenant: str
    kind: str
    name: str
    path: str
    body: dict[str, Any]
    response: ApiResponse | None = None
    attempts: int = 0

    @property
    def acknowledged(self) -> bool:
        return self.response is not None and self.response.status < HTTPStatus.BAD_REQUEST

    @property
    def result(self) -> Any:
        assert self.response is not None
        return self.response.body


@dataclass
class Journal:
    operations: list[Operation] = field(default_factory=list)
    losses: Counter[str] = field(default_factory=Counter)
    max_latency_s: float = 0.0
    last_errors: list[str] = field(default_factory=list)

    def acknowledged(self, tenant: str, kind: str) -> list[Operation]:
        return [
            operation
            for operation in self.operations
            if operation.tenant == tenant and operation.kind == kind and operation.acknowledged
        ]

    def refused(self) -> list[Operation]:
        return [
            operation for operation in self.operations if operation.response and not operation.acknowledged
        ]


class HttpEndpoint:
    """An HTTP session that logs in when necessary: sessions are lost with Redis."""

    def __init__(self, cluster: str, tenant: str) -> None:
        self.console, self.email = f"{cluster}/t/{tenant}", owner_of(tenant)
        self.session: requests.Session | None = None

    def submit(self, path: str, body: object, key: str) -> ApiResponse:
        return self._with_session(
            lambda session: session.post(
                f"{self.console}/api/v1/{path}",
                json=body,
                headers={"Idempotency-Key": key},
                timeout=REQUEST_TIMEOUT_S,
            )
        )

    def fetch(self, path: str) -> ApiResponse:
        return self._with_session(
            lambda session: session.get(f"{self.console}/api/v1/{path}", timeout=REQUEST_TIMEOUT_S)
        )

    def _with_session(self, call: Callable[[requests.Session], requests.Response]) -> ApiResponse:
        try:
            if self.session is None:
                self.session = self._log_in()
            response = _read(call(self.session))
        except (requests.RequestException, AssertionError, ValueError) as error:
            raise NoResponse(f"{type(error).__name__} {error}"[:60].partition("(")[0].strip()) from error
        if (
            response.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
            and response.code != "bus.permission_denied"
        ):
            self.session = None
            raise NoResponse("logged out")
        return response

    def _log_in(self) -> requests.Session:
        session, address = requests.Session(), f"{self.console}/accounts/login/"
        form = session.get(address, timeout=REQUEST_TIMEOUT_S)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text)
        assert token, f"no login form: {form.status_code}"
        form_data = {"login": self.email, "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
        session.post(address, form_data, headers={"referer": self.console}, timeout=REQUEST_TIMEOUT_S)
        me = session.get(f"{self.console}/api/v1/identity/me/", timeout=REQUEST_TIMEOUT_S)
        assert me.ok, f"not logged in: {me.status_code}"
        session.headers.update({"x-csrftoken": me.json()["csrf_token"], "referer": self.console})
        return session


def _read(response: requests.Response) -> ApiResponse:
    replayed = response.headers.get("Idempotency-Replayed") == "true"
    return ApiResponse(response.status_code, response.json() if response.content else None, replayed)


class ApiClient:
    """Executes operations in one tenant.

    lost_share           the share of responses that are discarded, so that the request is repeated
    new_key_per_attempt  repeats a request under a new key, as a client without idempotency keys: a control
    """

    def __init__(
        self,
        tenant: str,
        name: str,
        endpoint: Endpoint,
        journal: Journal,
        random: Random,
        *,
        lost_share: float = 0.03,
        new_key_per_attempt: bool = False,
    ) -> None:
        self.tenant, self.name, self.endpoint, self.journal, self.random = (
            tenant,
            name,
            endpoint,
            journal,
            random,
        )
        self.lost_share, self.new_key_per_attempt = lost_share, new_key_per_attempt
        self.aborted = threading.Event()
        self._numbers = itertools.count(1)
        self._orders: list[Operation] = []
        self._transfers: list[Operation] = []

    def run(self, until: threading.Event) -> None:
        """Execute operations one by one; at the end, confirm the outstanding transfers."""
        try:
            while not until.is_set():
                self.run_one()
                until.wait(self.random.uniform(0.02, 0.25))
            while self._transfers and not self.aborted.is_set():
                self.confirm()
                self.aborted.wait(0.3)
        except Exception as error:
            self.journal.last_errors.append(f"the client {self.name} failed: {error!r}")
            raise

    def run_one(self) -> None:
        kinds: list[Callable[[], None]] = [self.order] * 5 + [self.post] * 3 + [self.refund] * 3
        self.random.choice([*kinds, self.confirm, self.confirm, self.cancel])()

    def order(self) -> None:
        skus = self.random.choice([["BOLT"], ["NUT"], ["BOLT", "NUT"], ["NUT", "RARE"]])
        by_bank = self.random.random() < 0.15
        operation = self._operation(
            "order",
            "sales/orders/",
            {
                "customer": CUSTOMER,
                "currency": "USD",
                "provider": "manual" if by_bank else "sandbox",
                "token": "" if by_bank else self.random.choice(CARDS),
                "lines": [self._line(sku) for sku in skus],
            },
        )
        if self._execute(operation):
            self._orders.append(operation)
            if by_bank:
                self._transfers.append(operation)

    def post(self) -> None:
        amount = f"{self.random.randint(1, 99_999) / 100:.2f}"
        name = self._name()
        self._execute(
            self._operation(
                "entry",
                "ledger/entries/",
                {
                    "posted_on": clock.today().isoformat(),
                    "memo": "Soak",
                    "reference": name,
                    "lines": [
                        {"account": "1000", "currency": "USD", "amount": amount},
                        {"account": "4000", "currency": "USD", "amount": f"-{amount}"},
                    ],
                },
                name,
            )
        )

    def refund(self) -> None:
        """A partial refund, or one above the paid amount: a refusal is correct then."""
        if not self._orders:
            return
        order = self.random.choice(self._orders).result
        name = self._name()
        amount = round(float(order["total"]) * self.random.choice([0.2, 0.5, 0.7]), 2) or 0.01
        body = {"amount": f"{amount:.2f}", "reason": "Damaged item.", "reference": name}
        self._execute(self._operation("refund", f"sales/orders/{order['id']}/refunds/", body, name))

    def cancel(self) -> None:
        if self._orders:
            order = self.random.choice(self._orders[-3:]).result
            self._execute(
                self._operation(
                    "cancel",
                    f"sales/orders/{order['id']}/cancel/",
                    {"reason": "No longer needed."},
                )
            )

    def confirm(self) -> None:
        """Confirm the oldest outstanding transfer, if its payment exists already."""
        if not self._transfers:
            return
        order = self._transfers[0].result
        payment = self._payment_of(order)
        if payment is None:
            return
        self._transfers.pop(0)
        if payment:
            body = {"provider_payment_id": f"bank-{order['id']}"}
            self._execute(self._operation("confirm", f"payments/payments/{payment}/confirm/", body))

    def _payment_of(self, order: dict[str, Any]) -> int | None:
        """The id of the payment; 0 when the order is cancelled, None while unknown."""
        try:
            payments = self.endpoint.fetch(f"payments/payments/?reference={order['reference']}")
            if payments.status == HTTPStatus.OK and payments.body["results"]:
                return int(payments.body["results"][0]["id"])
            order_row = self.endpoint.fetch(f"sales/orders/{order['id']}/")
        except NoResponse:
            return None
        return 0 if order_row.status == HTTPStatus.OK and order_row.body["state"] == "cancelled" else None

    def _line(self, sku: str) -> dict[str, Any]:
        price = f"{self.random.randint(1, 9_999) / 100:.2f}"
        return {"sku": sku, "quantity": self.random.randint(1, 3), "price": price}

    def _operation(self, kind: str, path: str, body: dict[str, Any], name: str = "") -> Operation:
        return Operation(self.tenant, kind, name or self._name(), path, body)

    def _name(self) -> str:
        return f"soak-{self.name}-{next(self._numbers)}"

    def _execute(self, operation: Operation) -> bool:
        """Repeat the operation until there is a response. Returns whether it was acknowledged."""
        self.journal.operations.append(operation)
        for key in self._keys(operation):
            if self.aborted.is_set():
                break
            operation.attempts += 1
            response = self._send(operation, key)
            if response is None:
                self.aborted.wait(self.random.uniform(0.1, 0.6))
            elif self.random.random() >= self.lost_share or operation.attempts > 3:
                operation.response = response
                break
        return operation.acknowledged

    def _send(self, operation: Operation, key: str) -> ApiResponse | None:
        """The final response; None without one."""
        began = time.monotonic()
        try:
            response = self.endpoint.submit(operation.path, operation.body, key)
        except NoResponse as error:
            self.journal.losses[str(error)] += 1
            return None
        finally:
            self.journal.max_latency_s = max(self.journal.max_latency_s, time.monotonic() - began)
        if response.is_final:
            return response
        self.journal.losses[f"{response.status} {response.code}".strip()] += 1
        return None

    def _keys(self, operation: Operation) -> Iterator[str]:
        for number in itertools.count(1):
            yield f"{operation.name}-{number}" if self.new_key_per_attempt else operation.name


class Workload:
    """Concurrent clients, each in a separate thread."""

    def __init__(self, cluster: str, tenants: list[str], seed: int, clients_per_tenant: int = 2) -> None:
        self.journal, self._stopping = Journal(), threading.Event()
        self.clients = [
            ApiClient(
                tenant,
                name := f"{tenant}-{number}",
                HttpEndpoint(cluster, tenant),
                self.journal,
                _random(seed, name),
            )
            for tenant in tenants
            for number in range(1, clients_per_tenant + 1)
        ]
        self._threads = [
            threading.Thread(target=client.run, args=[self._stopping], name=client.name, daemon=True)
            for client in self.clients
        ]

    def begin(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float) -> None:
        """Stop after the current operations, and report clients without a response after this time."""
        self._stopping.set()
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        for client, thread in zip(self.clients, self._threads, strict=True):
            if thread.is_alive():
                self.journal.last_errors.append(f"the client {client.name} still waits for a response")
                client.aborted.set()


def _random(seed: int, name: str) -> Random:
    return Random(f"{seed}/{name}")
