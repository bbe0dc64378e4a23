"""What is killed, and when: drawn from a shuffled deck, so that each has its turn."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from config.up.terminal import say

from .house import House, Member

Blow = tuple[str, Callable[[], None]]
PAUSES = (0.5, 2.5)
"""Seconds between two blows."""


@dataclass
class Chaos:
    house: House
    chance: random.Random

    def run(self, seconds: float) -> None:
        began = time.monotonic()
        next_at, deck = began + self.chance.uniform(*PAUSES), list[Blow]()
        while (at := time.monotonic()) < began + seconds:
            self.house.tend()
            if at >= next_at:
                deck = deck or self._shuffled()
                what, strike = deck.pop()
                say(f"{at - began:6.1f} s  {what}", "soak")
                strike()
                next_at = at + self.chance.uniform(*PAUSES)
            time.sleep(0.05)

    def _shuffled(self) -> list[Blow]:
        """The plain ones on top: a short run has them all."""
        plain, fine = self._plain(), self._fine()
        self.chance.shuffle(plain)
        self.chance.shuffle(fine)
        return [*fine, *plain]

    def _plain(self) -> list[Blow]:
        house = self.house
        return [
            ("kill -9 PostgreSQL", lambda: house.lose_server(house.postgres)),
            ("kill -9 Valkey", lambda: house.lose_server(house.valkey)),
            ("FLUSHALL", house.flush),
            *(
                self._whole(house.named(name))
                for name in ("web", "beat", "relay-1", "financial-1", "default")
            ),
        ]

    def _fine(self) -> list[Blow]:
        house = self.house
        return [
            ("kill -9 a backend of PostgreSQL", house.lose_backend),
            *(
                self._whole(house.named(name))
                for name in ("relay-2", "financial-2", "audit", "billing", "backup_worker")
            ),
            *(self._child(house.named(name)) for name in ("financial-1", "financial-2", "default", "web")),
            *(self._leader(house.named(name)) for name in ("financial-2", "default", "audit", "web")),
        ]

    def _whole(self, member: Member) -> Blow:
        return f"kill -9 {member.name}", lambda: self.house.lose(member, member.kill)

    def _child(self, member: Member) -> Blow:
        return f"kill -9 the child of {member.name}", lambda: self.house.lose(member, member.kill_child)

    def _leader(self, member: Member) -> Blow:
        return f"kill -9 {member.name} but not its child", lambda: self.house.lose(member, member.kill_leader)
