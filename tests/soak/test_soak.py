"""A short soak, and controls: the verdict must detect violations."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from django.test import Client

from apps.bus import dispatch
from apps.identity.models import User
from apps.kernel.tenant import TenantInfo, activate
from apps.sales.commands import OrderedItem, PlaceOrder
from tests.support.settling import settle

from . import shops, verdict
from .workload import ApiClient, ApiResponse, Journal

ROOT = Path(__file__).parents[2]
DURATION_S, TIMEOUT_S = 20, 400


@pytest.mark.exhaustive("all processes are killed under load")
@pytest.mark.parametrize("seed", [1])
def test_a_soak_has_no_faults(seed: int, tmp_path: Path) -> None:
    soak = [sys.executable, "-m", "tests.soak", "--seconds", str(DURATION_S), "--seed", str(seed)]
    log_file = tmp_path / "soak.log"

    with log_file.open("w") as log, subprocess.Popen(soak, cwd=ROOT, stdout=log, stderr=log) as run:
        try:
            code = run.wait(TIMEOUT_S)
        finally:
            run.terminate()  # its cleanup stops the cluster

    assert code == 0, log_file.read_text()


class InProcess:
    """The API without a network, with one login."""

    def __init__(self, client: Client, tenant: TenantInfo) -> None:
        self.client, self.api = client, f"/t/{tenant.slug}/api/v1"

    def submit(self, path: str, body: object, key: str) -> ApiResponse:
        headers = {"Idempotency-Key": key}
        response = self.client.post(
            f"{self.api}/{path}", body, content_type="application/json", headers=headers
        )
        return ApiResponse(
            response.status_code, response.json(), response.headers.get("Idempotency-Replayed") == "true"
        )

    def fetch(self, path: str) -> ApiResponse:
        response = self.client.get(f"{self.api}/{path}")
        return ApiResponse(response.status_code, response.json())


@pytest.fixture
def shop(acme: TenantInfo) -> TenantInfo:
    with activate(acme):
        shops.open_shop()
    return acme


ClientFactory = Callable[..., tuple[ApiClient, Journal]]


@pytest.fixture
def make_client(shop: TenantInfo, owner: User, client_for: Callable[..., Client]) -> ClientFactory:
    """A client that discards the first three responses to each operation."""

    def make_client(*, new_key_per_attempt: bool) -> tuple[ApiClient, Journal]:
        endpoint, journal = InProcess(client_for(owner), shop), Journal()
        client = ApiClient(
            shop.slug,
            "client",
            endpoint,
            journal,
            random.Random(7),
            lost_share=1.0,
            new_key_per_attempt=new_key_per_attempt,
        )
        return client, journal

    return make_client


def test_repeated_requests_with_one_key_take_effect_once(
    make_client: ClientFactory, shop: TenantInfo
) -> None:
    client, journal = make_client(new_key_per_attempt=False)

    client.order()
    client.post()
    settle()

    assert [operation.attempts for operation in journal.operations] == [4, 4]
    assert [*verdict.unsettled([shop]), *verdict.faults([shop], journal)] == []


def test_control_repeated_requests_with_new_keys_are_detected_as_doubled(
    make_client: ClientFactory, shop: TenantInfo
) -> None:
    client, journal = make_client(new_key_per_attempt=True)

    client.order()
    client.post()
    settle()

    faults = verdict.faults([shop], journal)
    for kind in ("order", "entry"):
        doubled = [
            fault
            for fault in faults
            if fault.startswith(f"acme: {kind} ") and "without an acknowledgement" in fault
        ]
        assert len(doubled) == 3, faults


def test_control_a_lost_operation_is_detected(make_client: ClientFactory, shop: TenantInfo) -> None:
    client, journal = make_client(new_key_per_attempt=False)
    client.post()
    (operation,) = journal.operations
    operation.response = ApiResponse(201, operation.result | {"id": 999_999})

    faults = verdict.faults([shop], journal)

    assert any("entry 999999 is lost" in fault for fault in faults), faults


def test_control_unfinished_work_is_detected(shop: TenantInfo, owner: User) -> None:
    with activate(shop):
        lines = (OrderedItem("BOLT", 1, Decimal("1.00")),)
        dispatch(PlaceOrder(customer=shops.CUSTOMER, currency="USD", lines=lines), actor=owner)

    faults = verdict.unsettled([shop])

    assert any("events are not routed" in fault for fault in faults), faults
    assert any("is placed" in fault for fault in faults), faults
