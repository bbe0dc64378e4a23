"""Is the schema what the archive says? Rows, definitions, sequences, the audit log's chain, and the proofs of the
apps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from apps.audit import queries as audit
from apps.audit import verification
from apps.kernel.progress import steps
from apps.kernel.tenant import TenantInfo, activate
from apps.tenancy.hooks import proofs

from . import catalogue
from .exporting import one_view
from .masking import Leaving, Sum

MOST = 20
"""Faults that are told; with more it is another schema."""


def faults(manifest: Mapping[str, Any], tenant: TenantInfo) -> list[str]:
    """What differs, in words; nothing where all is well. The schema may be anybody's that holds these rows."""
    found: list[str] = []
    with activate(tenant):
        with one_view() as cursor:
            for fault in _faults(manifest, tenant, cursor):
                found.append(fault)
                if len(found) == MOST:
                    return found
        found += _of_chain(manifest)
    return [*found, *_of_sequences(manifest, tenant)]


def _faults(manifest: Mapping[str, Any], tenant: TenantInfo, cursor: Any) -> Iterator[str]:
    for name in catalogue.differences(manifest["structure"], catalogue.structure(cursor, tenant.schema)):
        yield f"{name} is not defined as it was"
    yield from _of_rows(manifest, tenant, cursor)
    known = proofs()
    for name, value in manifest["proofs"].items():
        if name in known and known[name]() != value:
            yield f"the {name} is another one"


def _of_sequences(manifest: Mapping[str, Any], tenant: TenantInfo) -> Iterator[str]:
    now = catalogue.sequences(tenant)
    for name, last in manifest["sequences"].items():
        if now.get(name) != last:
            yield f"sequence {name} is at {now.get(name)} and was at {last}"


def _of_rows(manifest: Mapping[str, Any], tenant: TenantInfo, cursor: Any) -> Iterator[str]:
    tables = catalogue.tables(cursor, tenant.schema)
    leaving = Leaving(tenant.schema, tables)
    for table in steps(tables, len(tables)):
        said = manifest["tables"].get(table.name)
        if said is None:
            continue  # the structure says it already
        have = leaving.sum(cursor, table)
        if have != Sum(said["rows"], said["checksum"]):
            yield f"{table.name} has {have.rows} rows and had {said['rows']}, or other ones"


def _of_chain(manifest: Mapping[str, Any]) -> list[str]:
    """The audit log ends at the head that was exported, or beyond it. A witness who knows of later ones is no fault
    here: what was restored is as old as it is."""
    wanted = manifest["chain"]
    if wanted is None:
        return []
    looked = verification.verify(witnesses=[(wanted["number"], wanted["hash"])])
    head = audit.head()
    return [
        fault.detail
        for fault in looked.faults
        if not (fault.kind == "cut tail" and head and fault.segment > max(head.number, wanted["number"]))
    ]
