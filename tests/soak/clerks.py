"""Who asks: clerks who place orders, confirm transfers, refund, cancel and post entries over HTTP.

A clerk whose answer is lost asks again under the same key until there is an answer, as a client must; what was
acknowledged stands in the diary.
"""

from __future__ import annotations

import itertools
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol

import requests

from apps.kernel import clock

from .town import CUSTOMER, PASSWORD, owner_of

PATIENCE = 20
"""Seconds until an answer counts as lost."""
CARDS = ("tok_ok",) * 12 + ("tok_declined", "tok_lost_response", "tok_lost_response", "tok_slow")


class Lost(Exception):
    """There is no answer: what was asked may have been done, or not."""


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    replayed: bool = False

    @property
    def code(self) -> str:
        return str(self.body.get("code", "")) if isinstance(self.body, dict) else ""

    @property
    def is_final(self) -> bool:
        """The server has decided, and says how: it did it, or it refuses for a reason of the business."""
        return self.status < HTTPStatus.INTERNAL_SERVER_ERROR and self.code != "bus.request_in_flight"


class Endpoint(Protocol):
    def ask(self, path: str, body: object, key: str) -> Answer: ...

    def look(self, path: str) -> Answer: ...


@dataclass
class Deed:
    """One thing that a clerk wants done, once. `name` is the key under which it is asked for."""

    tenant: str
    kind: str
    name: str
    path: str
    body: dict[str, Any]
    response: Answer | None = None
    tries: int = 0

    @property
    def acknowledged(self) -> bool:
        return self.answer is not None and self.answer.status < HTTPStatus.BAD_REQUEST

    @property
    def result(self) -> Any:
        assert self.answer is not None
        return self.answer.body


@dataclass
class Diary:
    deeds: list[Deed] = field(default_factory=list)
    losses: Counter[str] = field(default_factory=Counter)
    longest: float = 0.0
    last_errors: list[str] = field(default_factory=list)

    def acknowledged(self, tenant: str, kind: str) -> list[Deed]:
        return [
            deed for deed in self.deeds if deed.tenant == tenant and deed.kind == kind and deed.acknowledged
        ]

    def refused(self) -> list[Deed]:
        return [deed for deed in self.deeds if deed.answer and not deed.acknowledged]


class OverHttp:
    """A session that logs in when it has to: with Redis, sessions are lost too."""

    def __init__(self, house: str, tenant: str) -> None:
        self.console, self.email = f"{house}/t/{tenant}", owner_of(tenant)
        self.session: requests.Session | None = None

    def ask(self, path: str, body: object, key: str) -> Answer:
        return self._with_session(
            lambda session: session.post(
                f"{self.console}/api/v1/{path}", json=body, headers={"Idempotency-Key": key}, timeout=PATIENCE
            )
        )

    def look(self, path: str) -> Answer:
        return self._with_session(
            lambda session: session.get(f"{self.console}/api/v1/{path}", timeout=PATIENCE)
        )

    def _with_session(self, call: Callable[[requests.Session], requests.Response]) -> Answer:
        try:
            if self.session is None:
                self.session = self._log_in()
            response = _read(call(self.session))
        except (requests.RequestException, AssertionError, ValueError) as error:
            raise Lost(f"{type(error).__name__} {error}"[:60].partition("(")[0].strip()) from error
        if (
            response.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
            and response.code != "bus.permission_denied"
        ):
            self.session = None
            raise Lost("logged out")
        return response

    def _log_in(self) -> requests.Session:
        session, address = requests.Session(), f"{self.console}/accounts/login/"
        form = session.get(address, timeout=PATIENCE)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text)
        assert token, f"no login form: {form.status_code}"
        given = {"login": self.email, "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
        session.post(address, given, headers={"referer": self.console}, timeout=PATIENCE)
        me = session.get(f"{self.console}/api/v1/identity/me/", timeout=PATIENCE)
        assert me.ok, f"not logged in: {me.status_code}"
        session.headers.update({"x-csrftoken": me.json()["csrf_token"], "referer": self.console})
        return session


def _read(response: requests.Response) -> Answer:
    replayed = response.headers.get("Idempotency-Replayed") == "true"
    return Answer(response.status_code, response.json() if response.content else None, replayed)


class Clerk:
    """Works at one tenant.

    deaf       the share of answers that he does not hear, so that he asks again
    forgetful  he asks again under a key of its own, as a client that does not know about keys: a control
    """

    def __init__(
        self,
        tenant: str,
        name: str,
        door: Endpoint,
        diary: Diary,
        chance: random.Random,
        *,
        deaf: float = 0.03,
        forgetful: bool = False,
    ) -> None:
        self.tenant, self.name, self.door, self.diary, self.chance = tenant, name, door, diary, chance
        self.deaf, self.forgetful = deaf, forgetful
        self.hurry = threading.Event()
        self._numbers = itertools.count(1)
        self._orders: list[Deed] = []
        self._transfers: list[Deed] = []

    def work(self, until: threading.Event) -> None:
        """Do one thing after the other; in the end, confirm the transfers that orders still wait for."""
        try:
            while not until.is_set():
                self.do_something()
                until.wait(self.chance.uniform(0.02, 0.25))
            while self._transfers and not self.hurry.is_set():
                self.confirm()
                self.hurry.wait(0.3)
        except Exception as error:
            self.diary.last_errors.append(f"the clerk {self.name} gave up: {error!r}")
            raise

    def do_something(self) -> None:
        kinds: list[Callable[[], None]] = [self.order] * 5 + [self.post] * 3 + [self.refund] * 3
        self.chance.choice([*kinds, self.confirm, self.confirm, self.cancel])()

    def order(self) -> None:
        skus = self.chance.choice([["BOLT"], ["NUT"], ["BOLT", "NUT"], ["NUT", "RARE"]])
        by_bank = self.chance.random() < 0.15
        deed = self._deed(
            "order",
            "sales/orders/",
            {
                "customer": CUSTOMER,
                "currency": "USD",
                "provider": "manual" if by_bank else "sandbox",
                "token": "" if by_bank else self.chance.choice(CARDS),
                "lines": [self._line(sku) for sku in skus],
            },
        )
        if self._ask(deed):
            self._orders.append(deed)
            if by_bank:
                self._transfers.append(deed)

    def post(self) -> None:
        amount = f"{self.chance.randint(1, 99_999) / 100:.2f}"
        name = self._name()
        self._ask(
            self._deed(
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
        """Some of it, or more than there is: refusing that is right too."""
        if not self._orders:
            return
        order = self.chance.choice(self._orders).result
        name = self._name()
        amount = round(float(order["total"]) * self.chance.choice([0.2, 0.5, 0.7]), 2) or 0.01
        body = {"amount": f"{amount:.2f}", "reason": "It was bent.", "reference": name}
        self._ask(self._deed("refund", f"sales/orders/{order['id']}/refunds/", body, name))

    def cancel(self) -> None:
        if self._orders:
            order = self.chance.choice(self._orders[-3:]).result
            self._ask(
                self._deed(
                    "cancel",
                    f"sales/orders/{order['id']}/cancel/",
                    {"reason": "No longer wanted, thank you."},
                )
            )

    def confirm(self) -> None:
        """The oldest transfer that is waited for has come: if its payment is there already."""
        if not self._transfers:
            return
        order = self._transfers[0].result
        payment = self._payment_of(order)
        if payment is None:
            return
        self._transfers.pop(0)
        if payment:
            body = {"provider_payment_id": f"bank-{order['id']}"}
            self._ask(self._deed("confirm", f"payments/payments/{payment}/confirm/", body))

    def _payment_of(self, order: dict[str, Any]) -> int | None:
        """Its id; 0 when the order needs none any more, None when nobody knows yet."""
        try:
            found = self.door.look(f"payments/payments/?reference={order['reference']}")
            if found.status == HTTPStatus.OK and found.body["results"]:
                return int(found.body["results"][0]["id"])
            there = self.door.look(f"sales/orders/{order['id']}/")
        except Lost:
            return None
        return 0 if there.status == HTTPStatus.OK and there.body["state"] == "cancelled" else None

    def _line(self, sku: str) -> dict[str, Any]:
        price = f"{self.chance.randint(1, 9_999) / 100:.2f}"
        return {"sku": sku, "quantity": self.chance.randint(1, 3), "price": price}

    def _deed(self, kind: str, path: str, body: dict[str, Any], name: str = "") -> Deed:
        return Deed(self.tenant, kind, name or self._name(), path, body)

    def _name(self) -> str:
        return f"soak-{self.name}-{next(self._numbers)}"

    def _ask(self, deed: Deed) -> bool:
        """Until there is an answer. True when it was done."""
        self.diary.deeds.append(deed)
        for key in self._keys(deed):
            if self.hurry.is_set():
                break
            deed.tries += 1
            response = self._answer(deed, key)
            if response is None:
                self.hurry.wait(self.chance.uniform(0.1, 0.6))
            elif self.chance.random() >= self.deaf or deed.tries > 3:
                deed.answer = response
                break
        return deed.acknowledged

    def _answer(self, deed: Deed, key: str) -> Answer | None:
        """What the server has decided; None when there is no answer, or one that leaves it open."""
        began = time.monotonic()
        try:
            response = self.door.ask(deed.path, deed.body, key)
        except Lost as lost:
            self.diary.losses[str(lost)] += 1
            return None
        finally:
            self.diary.longest = max(self.diary.longest, time.monotonic() - began)
        if response.is_final:
            return response
        self.diary.losses[f"{response.status} {response.code}".strip()] += 1
        return None

    def _keys(self, deed: Deed) -> Iterator[str]:
        for number in itertools.count(1):
            yield f"{deed.name}-{number}" if self.forgetful else deed.name


class Staff:
    """Clerks at work, each in a thread of his own."""

    def __init__(self, house: str, tenants: list[str], seed: int, each: int = 2) -> None:
        self.diary, self._home_time = Diary(), threading.Event()
        self.clerks = [
            Clerk(
                tenant, name := f"{tenant}-{number}", OverHttp(house, tenant), self.diary, _chance(seed, name)
            )
            for tenant in tenants
            for number in range(1, each + 1)
        ]
        self._threads = [
            threading.Thread(target=clerk.work, args=[self._home_time], name=clerk.name, daemon=True)
            for clerk in self.clerks
        ]

    def begin(self) -> None:
        for thread in self._threads:
            thread.start()

    def go_home(self, seconds: float) -> None:
        """When each has his last answer. Who has none after so many seconds is in trouble."""
        self._home_time.set()
        deadline = time.monotonic() + seconds
        for each in self._threads:
            each.join(max(0.0, deadline - time.monotonic()))
        for clerk, thread in zip(self.clerks, self._threads, strict=True):
            if thread.is_alive():
                self.diary.last_errors.append(f"the clerk {clerk.name} still waits for an answer")
                clerk.hurry.set()


def _chance(seed: int, name: str) -> random.Random:
    return random.Random(f"{seed}/{name}")
