"""Work on many schemas in parallel threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

from django.db import connections

from .discovery import Schema
from .outcome import Outcome

Migrator = Callable[[Schema], Outcome]


def in_parallel(
    schemas: Sequence[Schema], make_migrator: Callable[[], Migrator], workers: int
) -> Iterator[Outcome]:
    """In no particular order; each thread makes its own migrator. Closing the iterator waits only for the schemas in
    progress."""
    if not schemas:
        return
    waiting, done = deque(schemas), SimpleQueue[Outcome | None]()
    count = min(max(1, workers), len(schemas))
    with ThreadPoolExecutor(count, thread_name_prefix="migrating") as pool:
        threads = [pool.submit(_work, waiting, done, make_migrator) for _ in range(count)]
        try:
            yield from _drain(done, count)
        finally:
            waiting.clear()
    for thread in threads:
        thread.result()


def _work(
    waiting: deque[Schema], done: SimpleQueue[Outcome | None], make_migrator: Callable[[], Migrator]
) -> None:
    """Ends with None in the queue, also after an error."""
    try:
        migrate = make_migrator()
        while schema := _next_of(waiting):
            done.put(migrate(schema))
    finally:
        connections.close_all()
        done.put(None)


def _next_of(waiting: deque[Schema]) -> Schema | None:
    try:
        return waiting.popleft()
    except IndexError:
        return None


def _drain(done: SimpleQueue[Outcome | None], workers: int) -> Iterator[Outcome]:
    while workers:
        outcome = done.get()
        if outcome is None:
            workers -= 1
        else:
            yield outcome
