"""`python -m tests.architecture.passed_files`: how many files a command passes on its way, with their names.

Each command runs twice on throw-away servers; the second run is counted, when all registries and caches are filled.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

import django

import_module("tests.support.servers")  # they start when it is imported, before Django reads the settings
django.setup()

from django.core.management import call_command  # noqa: E402

from apps.bus import dispatch  # noqa: E402
from apps.kernel.tenant import activate  # noqa: E402
from apps.ledger.commands import OpenAccount  # noqa: E402
from apps.operations.commands import OnboardTenant  # noqa: E402
from apps.tenancy.models import Tenant  # noqa: E402
from tests.support.books import sale  # noqa: E402
from tests.support.chart import CHART  # noqa: E402
from tests.support.database import TESTER  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
APPS = str(ROOT / "apps") + "/"


def main() -> int:
    call_command("migrate_schemas", verbosity=0)
    with activate(_onboard(0).info):
        for code, name, kind in CHART:
            dispatch(OpenAccount(code=code, name=name, type=kind), actor=TESTER)
        _report("PostEntry", lambda _: dispatch(sale(), actor=TESTER))
    _report("OnboardTenant", _onboard)
    return 0


def _onboard(number: int) -> Tenant:
    slug = f"passing{number}"
    command = OnboardTenant(slug=slug, name=slug, owner_email=f"owner@{slug}.example", currency="USD")
    tenant: Tenant = dispatch(command, actor=TESTER)
    return tenant


def _report(name: str, work: Callable[[int], object]) -> None:
    work(1)
    with _passed() as files:
        work(2)
    sys.stdout.write(f"{name} passes {len(files)} files\n")
    sys.stdout.writelines(f"  {file}\n" for file in files)


@contextmanager
def _passed() -> Iterator[list[str]]:
    """The files of `apps/` in which a function was called, in the order of their first calls."""
    files: dict[str, None] = {}

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(APPS):
            files.setdefault(frame.f_code.co_filename.removeprefix(f"{ROOT}/"))

    passed: list[str] = []
    sys.setprofile(note)
    try:
        yield passed
    finally:
        sys.setprofile(None)
        passed.extend(files)


if __name__ == "__main__":
    sys.exit(main())
