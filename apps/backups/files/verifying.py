"""Compares a schema with the manifest of a backup file: rows, object definitions, sequences, the chain of the audit
log, and the invariants of the apps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from apps.audit import queries as audit
from apps.audit import verification
from apps.backups.errors import RestoredDataDiffers
from apps.backups.hooks import invariants
from apps.backups.schemas import catalogue
from apps.backups.schemas.checksums import TableChecksum
from apps.kernel.progress import steps
from apps.kernel.tenant import TenantInfo, activate

from .exporting import formatted_snapshot
from .masking import MaskedSchema

MAX_FAULTS = 20
"""The comparison stops after that many."""


def content_must_be_equal(manifest: Mapping[str, Any], tenant: TenantInfo) -> None:
    """Raises RestoredDataDiffers with the first differences."""
    if differences := faults(manifest, tenant):
        raise RestoredDataDiffers(faults="; ".join(differences))


def faults(manifest: Mapping[str, Any], tenant: TenantInfo) -> list[str]:
    """The differences as sentences; empty if the content is identical."""
    faults: list[str] = []
    with activate(tenant):
        with formatted_snapshot() as cursor:
            for fault in _faults(manifest, tenant, cursor):
                faults.append(fault)
                if len(faults) == MAX_FAULTS:
                    return faults
        faults += _of_chain(manifest)
    return [*faults, *_of_sequences(manifest, tenant)]


def _faults(manifest: Mapping[str, Any], tenant: TenantInfo, cursor: Any) -> Iterator[str]:
    for name in catalogue.differences(manifest["structure"], catalogue.structure(cursor, tenant.schema)):
        yield f"{name} has a different definition"
    yield from _of_rows(manifest, tenant, cursor)
    known = invariants()
    for name, value in manifest["invariants"].items():
        if name in known and known[name]() != value:
            yield f"the {name} differs"


def _of_sequences(manifest: Mapping[str, Any], tenant: TenantInfo) -> Iterator[str]:
    now = catalogue.sequences(tenant)
    for name, last in manifest["sequences"].items():
        if now.get(name) != last:
            yield f"sequence {name} is at {now.get(name)} instead of {last}"


def _of_rows(manifest: Mapping[str, Any], tenant: TenantInfo, cursor: Any) -> Iterator[str]:
    tables = catalogue.tables(cursor, tenant.schema)
    schema = MaskedSchema(tenant.schema, tables)
    for table in steps(tables, len(tables)):
        expected = manifest["tables"].get(table.name)
        if expected is None:
            continue  # reported as a difference of the structure
        actual = schema.checksum(cursor, table)
        if actual != TableChecksum(expected["rows"], expected["checksum"]):
            yield f"{table.name} has {actual.rows} rows instead of {expected['rows']}, or different ones"


def _of_chain(manifest: Mapping[str, Any]) -> list[str]:
    """The audit log must end at the exported head or after it. An anchor of a later segment is no fault: the restored
    data is older."""
    expected = manifest["chain"]
    if expected is None:
        return []
    result = verification.verify(witnesses=[(expected["number"], expected["hash"])])
    head = audit.head()
    return [
        fault.detail
        for fault in result.faults
        if not (fault.kind == "cut tail" and head and fault.segment > max(head.number, expected["number"]))
    ]
