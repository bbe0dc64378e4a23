"""Schedule of failures, drawn from a shuffled deck so that each kind occurs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from config.up.terminal import write_line

from .cluster import Cluster, Member

Injection = tuple[str, Callable[[], None]]
INJECTION_INTERVAL_S = (0.5, 2.5)
"""Shortest and longest time between two failures."""


@dataclass
class Chaos:
    cluster: Cluster
    random: Random

    def run(self, seconds: float) -> None:
        began = time.monotonic()
        next_at, deck = began + self.random.uniform(*INJECTION_INTERVAL_S), list[Injection]()
        while (at := time.monotonic()) < began + seconds:
            self.cluster.supervise()
            if at >= next_at:
                deck = deck or self._shuffled()
                name, inject = deck.pop()
                write_line(f"{at - began:6.1f} s  {name}", "soak")
                inject()
                next_at = at + self.random.uniform(*INJECTION_INTERVAL_S)
            time.sleep(0.05)

    def _shuffled(self) -> list[Injection]:
        """The common failures first: a short run has all of them."""
        common, rare = self._common(), self._rare()
        self.random.shuffle(common)
        self.random.shuffle(rare)
        return [*rare, *common]

    def _common(self) -> list[Injection]:
        cluster = self.cluster
        return [
            ("kill -9 PostgreSQL", lambda: cluster.kill_server(cluster.postgres)),
            ("kill -9 Valkey", lambda: cluster.kill_server(cluster.valkey)),
            ("FLUSHALL", cluster.flush),
            *(
                self._process(cluster.named(name))
                for name in ("web", "beat", "relay-1", "financial-1", "default")
            ),
        ]

    def _rare(self) -> list[Injection]:
        cluster = self.cluster
        return [
            ("kill -9 a backend of PostgreSQL", cluster.kill_backend),
            *(
                self._process(cluster.named(name))
                for name in ("relay-2", "financial-2", "audit", "billing", "backup_worker")
            ),
            *(self._child(cluster.named(name)) for name in ("financial-1", "financial-2", "default", "web")),
            *(self._leader(cluster.named(name)) for name in ("financial-2", "default", "audit", "web")),
        ]

    def _process(self, member: Member) -> Injection:
        return f"kill -9 {member.name}", lambda: self.cluster.kill_member(member, member.kill)

    def _child(self, member: Member) -> Injection:
        return f"kill -9 the child of {member.name}", lambda: self.cluster.kill_member(
            member, member.kill_child
        )

    def _leader(self, member: Member) -> Injection:
        return f"kill -9 {member.name} but not its child", lambda: self.cluster.kill_member(
            member, member.kill_leader
        )
