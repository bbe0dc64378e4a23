"""Commands that make change sets of whole documents: of a file, or of an earlier revision."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.utils.translation import gettext_noop

from apps.bus import Command
from apps.kernel.plain import bulky

from .changes import MANAGE


@dataclass(frozen=True, kw_only=True)
class RestoreRevision(Command):
    """Store a draft with the document of an earlier revision. It is served after its publication."""

    permission = MANAGE
    audit_message = gettext_noop("proposed {result} with the revision {revision_id}: {reason}")

    revision_id: int
    reason: str
    effective_at: dt.datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ImportFlags(Command):
    """Store the differing documents of an exported file as one draft. New flags join the register. Flags and segments
    that the file lacks, and flags without a document, stay as they are; `"remove": true` removes one."""

    platform = True
    permission = MANAGE
    audit_message = gettext_noop("proposed {result} from a file: {reason}")

    file: str = field(metadata=bulky)
    reason: str
    effective_at: dt.datetime | None = None
