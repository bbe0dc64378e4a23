"""`manage.py flags <verb>`: feature flags of the platform, and with `--tenant` what narrows them in a tenant."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser
from collections.abc import Callable
from typing import Any, NamedTuple

from django.core.management.base import CommandParser

from apps.console.terminal import BursarCommand, Output
from apps.flags.command_line import (
    changing,
    experimenting,
    importing,
    publishing,
    reading,
    registering,
    rolling_out,
    switching,
    uses,
)
from apps.kernel.tenant import activate
from apps.tenancy.queries import tenant_named


class Verb(NamedTuple):
    """A verb, its arguments and its effect. `key`: its first argument is the key of a flag."""

    help: str
    run: Callable[..., Output]
    arguments: Callable[[ArgumentParser], None] | None = None
    key: bool = True


VERBS = {
    "create": Verb("Register a flag with its first document.", registering.create, registering.add_create),
    "extend": Verb("Move the expiry of a flag.", registering.extend, registering.add_extend),
    "transfer": Verb("Change the owner of a flag.", registering.transfer, registering.add_transfer),
    "retire": Verb("Publish the end of a flag.", registering.retire, publishing.add_draft),
    "experiment": Verb(
        "The outcomes of an experiment by variant.", experimenting.experiment, experimenting.add_experiment
    ),
    "list": Verb("The flags; in a tenant, what they serve.", reading.list_flags, reading.add_list, key=False),
    "show": Verb("The owner, the expiry and the last published document of a flag.", reading.show),
    "explain": Verb(
        "Every layer of an evaluation, and the one that decides.", reading.explain, reading.add_explain
    ),
    "history": Verb("The published revisions, and what each of them changed.", reading.history),
    "set": Verb(
        "Change the document of a flag, in a tenant its override.", changing.set_flag, changing.add_set
    ),
    "restore": Verb("Publish an earlier revision again.", changing.restore, changing.add_restore, key=False),
    "cancel": Verb(
        "Cancel a published change before its date.", changing.cancel, changing.add_cancel, key=False
    ),
    "kill": Verb("Turn a flag off at once, with the report of arrival.", switching.kill, switching.add_kill),
    "arrival": Verb("Which processes serve the latest change.", switching.arrival, key=False),
    "review": Verb("Record the review of a kill.", switching.review, switching.add_review),
    "revive": Verb("End a kill.", switching.revive, switching.add_revive),
    "rollout": Verb("Follow the plan of a rollout.", rolling_out.roll_out, rolling_out.add_rollout),
    "references": Verb(
        "Where code uses flags, with those that are retired.",
        uses.list_references,
        uses.add_references,
        key=False,
    ),
    "export": Verb(
        "The register and all published documents.", reading.export, reading.add_export, key=False
    ),
    "import": Verb(
        "Publish the differing documents of a file, also of Unleash or flagd.",
        importing.import_flags,
        importing.add_import,
        key=False,
    ),
}


class Command(BursarCommand):
    help = "List, explain, change, kill, export or import feature flags."

    def options(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        for name, verb in VERBS.items():
            subparser = verbs.add_parser(name, help=verb.help)
            if verb.key:
                subparser.add_argument("key", metavar="KEY")
            if verb.arguments:
                verb.arguments(subparser)
            subparser.add_argument("--tenant", default="", metavar="SLUG", help="Without it, the platform.")
            subparser.add_argument("--json", action="store_true", default=SUPPRESS, help=SUPPRESS)

    def run(self, *, verb: str, tenant: str, **options: Any) -> Output:
        with activate(tenant_named(tenant) if tenant else None):
            return VERBS[verb].run(**options)
