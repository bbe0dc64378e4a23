"""A job that writes one row for each number, and a process that does its steps: `python -m tests.support.counting_job
TENANT JOB`."""

from __future__ import annotations

import sys

from apps.jobs.declaration import JOBS, Job, Step

NAME = "tests.count"
GATE = 4711
"""An advisory lock."""


def declare() -> type[Job]:
    """Once in each process."""
    return JOBS.get(NAME) or type("Count", (_Count,), {}, name=NAME)


class _Count(Job):
    """Rows of `numbers` one by one, then a note. At the number `gate` the step waits for GATE after its work; at
    `error` it raises, while that is in BROKEN."""

    title = "Counting"
    permission = "notices.view_notice"
    stages = {"count": "Count", "conclude": "Conclude"}

    def total(self, stage: str) -> int:
        return int(self.parameters["numbers"]) if stage == "count" else 0

    def count(self, cursor: int | None) -> Step:
        number = (cursor or 0) + 1
        if number in BROKEN:
            raise BROKEN[number]
        _write(str(number))
        if number == self.parameters.get("gate"):
            _wait_for_gate()
        return Step(cursor=number if number < self.parameters["numbers"] else None, done=1)

    def conclude(self, cursor: None) -> Step:
        _write("end")
        return Step(cursor=None)


BROKEN: dict[int, Exception] = {}


def _write(text: str) -> None:
    from apps.kernel.clock import now
    from apps.notices.models import Notice

    Notice.objects.create(kind="note", subject=text, text=text, created_at=now())


def _wait_for_gate() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [GATE])


def written() -> list[str]:
    """The texts of the current tenant, in their order."""
    from apps.notices.models import Notice

    return list(Notice.objects.order_by("id").values_list("subject", flat=True))


def main(slug: str, run_id: int) -> None:
    import django

    django.setup()
    from apps.jobs.running import run_slice
    from apps.kernel.tenant import activate
    from apps.tenancy.queries import tenant_named

    declare()
    info = tenant_named(slug)
    with activate(info):
        run_slice(run_id)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
