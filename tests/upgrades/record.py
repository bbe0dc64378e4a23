"""`python -m tests.upgrades.record LABEL`: record a dump of this version's database, to be migrated by later ones.

The servers are throw-away ones. A dump whose migrations have been edited since is removed; released ones never are.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from importlib import import_module
from urllib.parse import urlsplit

import django

import_module("tests.support.servers")  # they start when it is imported, before Django reads the settings
django.setup()

from django.core.management import call_command  # noqa: E402

from apps.tenancy.models import Tenant  # noqa: E402
from config.env import env  # noqa: E402

from . import business, dumps, invariants  # noqa: E402


def main() -> int:
    label = _label()
    call_command("migrate_schemas", verbosity=0)
    if Tenant.objects.exists():
        print("The servers are in use: unset BURSAR_HOME and DATABASE_URL.", file=sys.stderr)  # noqa: T201
        return 1
    shutil.rmtree(urlsplit(str(env().files_url)).path, ignore_errors=True)  # anchors of other audit chains
    business.fill()
    known, replaced = dumps.digests_of_code(), dumps.replaced_by_code()
    text, transactions = dumps.dump_database()
    folder = dumps.RecordedDump(label, known, transactions, invariants.of_platform()).write(text)
    print(f"Recorded {folder.name}.")  # noqa: T201
    for dump in dumps.recorded_dumps():
        if changed := dump.changed_migrations(known, replaced):
            dump.remove()
            print(f"Removed {dump.label}: {', '.join(changed)} changed since.")  # noqa: T201
    return 0


def _label() -> str:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("label", help="What changed, as in `order_notes`; the name of the folder.")
    label: str = parser.parse_args().label
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,39}", label):
        parser.error("write a label of a-z, 0-9 and _")
    return label


if __name__ == "__main__":
    sys.exit(main())
