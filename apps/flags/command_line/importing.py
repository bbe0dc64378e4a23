"""The verb `import`: of an exported file, or of a document of another system."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentParser
from dataclasses import replace
from typing import Any

from django.core.management.base import CommandError

from apps.console.terminal import Output
from apps.flags.commands import ImportFlags
from apps.flags.peer_files import READERS, PeerFile, peer_file
from apps.kernel.exit_codes import EXIT_CODE_WRONG_USAGE

from .changing import text_in
from .publishing import add_publication, propose
from .registering import add_registration, expiry

NATIVE = "bursar"


def add_import(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="As written by export, or of --format; - is stdin.")
    parser.add_argument("--format", default=NATIVE, choices=(NATIVE, *READERS))
    add_registration(parser, are_required=False)
    add_publication(parser)


def import_flags(
    *,
    file: str,
    format: str,
    owner: str,
    category: str,
    expires: dt.date | None,
    reason: str,
    effective_at: dt.datetime | None,
    **options: Any,
) -> Output:
    """New flags of another system get the owner, category and expiry that the options name."""
    if format != NATIVE and not owner:
        raise CommandError(f"New flags of {format} need an --owner.", returncode=EXIT_CODE_WRONG_USAGE)
    text = text_in(file)
    read = (
        PeerFile(text, ())
        if format == NATIVE
        else peer_file(text, format, owner=owner, category=category, expires_on=expiry(category, expires))
    )
    command = ImportFlags(file=read.text, reason=reason, effective_at=effective_at)
    output = propose(command, reason=reason, **options)
    lines = [output.text, *(f"Not expressed: {problem}" for problem in read.problems)]
    return replace(output, text="\n".join(lines), data={**output.data, "not_expressed": [*read.problems]})
