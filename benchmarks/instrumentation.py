"""Cost of instrumentation: a counter, a histogram, a log line, an observed command.

`python -m benchmarks.instrumentation [files]`. With `files` the metrics go through the
files that several processes share, as in production.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import tempfile
import timeit
from collections.abc import Callable

ROUNDS, TIMES = 3, 20_000


def main(through_files: bool) -> None:
    if through_files:  # before the metrics are made
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="metrics")
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    import django

    django.setup()
    for name, doing in observations().items():
        doing()
        best = min(timeit.repeat(doing, number=TIMES, repeat=ROUNDS)) / TIMES
        sys.stdout.write(f"{name:45} {best * 1e6:7.2f} µs\n")


def observations() -> dict[str, Callable[[], object]]:
    from apps.bus.envelope import Envelope
    from apps.bus.middleware import observed
    from apps.companies.commands import FoundCompany
    from apps.kernel.actors import System
    from apps.kernel.observability import logs, metrics

    command = FoundCompany(code="A", name="B", currency="EUR")
    envelope = Envelope(command=command, actor=System("The benchmark"))
    cache_hits = metrics.CACHE.labels("benchmark", "memory")
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(logs.formatter("json"))
    log = logging.getLogger("benchmark")
    log.propagate, log.handlers = False, [handler]
    extra = {"outcome": "done", "subject": "ledger.entry:12"}
    return {
        "a cache look-up, counted": cache_hits.inc,
        "a counter, by its labels": lambda: metrics.COMMANDS.labels("a", "b", "done").inc(),
        "a histogram, by its labels": lambda: metrics.COMMAND_SECONDS.labels("a", "b").observe(0.01),
        "a command: counted, timed and named in the log": lambda: observed(envelope, lambda _: None),
        "a log line as JSON": lambda: log.info("%s", "Ann posted entry 12.", extra=extra),
        "a log line below its level": lambda: log.debug("%s", "Ann posted entry 12."),
    }


if __name__ == "__main__":
    main("files" in sys.argv[1:])
