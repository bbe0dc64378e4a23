"""A short soak, and controls: a verdict that finds nothing must be able to find something."""

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

from . import town, verdict
from .clerks import Answer, Clerk, Diary

ROOT = Path(__file__).parents[2]
SECONDS, AT_MOST = 20, 400


@pytest.mark.exhaustive("everything is killed while orders flow")
@pytest.mark.parametrize("seed", [1])
def test_nothing_is_lost_doubled_or_stuck_while_everything_is_killed(seed: int, tmp_path: Path) -> None:
    soak = [sys.executable, "-m", "tests.soak", "--seconds", str(SECONDS), "--seed", str(seed)]
    written = tmp_path / "soak.log"

    with written.open("w") as log, subprocess.Popen(soak, cwd=ROOT, stdout=log, stderr=log) as run:
        try:
            code = run.wait(AT_MOST)
        finally:
            run.terminate()  # it takes its house down itself

    assert code == 0, written.read_text()


class InProcess:
    """The same API without a network, logged in once."""

    def __init__(self, client: Client, tenant: TenantInfo) -> None:
        self.client, self.api = client, f"/t/{tenant.slug}/api/v1"

    def ask(self, path: str, body: object, key: str) -> Answer:
        headers = {"Idempotency-Key": key}
        said = self.client.post(f"{self.api}/{path}", body, content_type="application/json", headers=headers)
        return Answer(said.status_code, said.json(), said.headers.get("Idempotency-Replayed") == "true")

    def look(self, path: str) -> Answer:
        said = self.client.get(f"{self.api}/{path}")
        return Answer(said.status_code, said.json())


@pytest.fixture
def shop(acme: TenantInfo) -> TenantInfo:
    with activate(acme):
        town.open_shop()
    return acme


Hires = Callable[..., tuple[Clerk, Diary]]


@pytest.fixture
def hire(shop: TenantInfo, owner: User, client_for: Callable[..., Client]) -> Hires:
    """A clerk who does not hear the first three answers to anything."""

    def hire(*, forgetful: bool) -> tuple[Clerk, Diary]:
        door, diary = InProcess(client_for(owner), shop), Diary()
        clerk = Clerk(shop.slug, "carl", door, diary, random.Random(7), deaf=1.0, forgetful=forgetful)
        return clerk, diary

    return hire


def test_who_asks_again_under_the_same_key_has_it_done_once(hire: Hires, shop: TenantInfo) -> None:
    clerk, diary = hire(forgetful=False)

    clerk.order()
    clerk.post()
    settle()

    assert [deed.tries for deed in diary.deeds] == [4, 4]
    assert [*verdict.unsettled([shop]), *verdict.faults([shop], diary)] == []


def test_control_who_asks_again_without_it_is_seen_to_double(hire: Hires, shop: TenantInfo) -> None:
    clerk, diary = hire(forgetful=True)

    clerk.order()
    clerk.post()
    settle()

    found = verdict.faults([shop], diary)
    for kind in ("order", "entry"):
        doubled = [each for each in found if each.startswith(f"acme: {kind} ") and "nobody was told" in each]
        assert len(doubled) == 3, found


def test_control_what_was_acknowledged_and_is_not_there_is_seen(hire: Hires, shop: TenantInfo) -> None:
    clerk, diary = hire(forgetful=False)
    clerk.post()
    (deed,) = diary.deeds
    deed.answer = Answer(201, deed.result | {"id": 999_999})

    found = verdict.faults([shop], diary)

    assert any("entry 999999 is lost" in each for each in found), found


def test_control_what_is_under_way_is_seen(shop: TenantInfo, owner: User) -> None:
    with activate(shop):
        lines = (OrderedItem("BOLT", 1, Decimal("1.00")),)
        dispatch(PlaceOrder(customer=town.CUSTOMER, currency="USD", lines=lines), actor=owner)

    found = verdict.unsettled([shop])

    assert any("events are not routed" in each for each in found), found
    assert any("is placed" in each for each in found), found
