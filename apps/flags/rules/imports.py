"""Validation of an exported file, and the changes that it holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext

from apps.flags import queries
from apps.flags.commands import ItemChange
from apps.flags.documents import FLAG, SEGMENT, canonical
from apps.flags.errors import ImportMalformed
from apps.flags.models import Flag
from apps.flags.policies import day_of_expiry
from apps.kernel import strict_json
from apps.kernel.errors import Refusal, raise_all, together

from .register import expiry_must_fit_category, owner_must_be_given

FORMAT = 1
MAX_BYTES = 20_000_000
COLUMNS = ("key", "category", "type", "description", "owner", "expires_on")


@dataclass(frozen=True)
class ImportedFlag:
    """A flag of the register with its document. Without a document the published one stays as it is, unless the file
    says `"remove": true`."""

    key: str
    category: str
    type: str
    description: str
    owner: str
    expires_on: dt.date
    document: dict[str, Any] | None
    retired_at: dt.datetime | None
    remove: bool

    def row(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "category": self.category,
            "value_type": self.type,
            "description": self.description,
            "owner": self.owner,
            "expires_on": self.expires_on,
            "posting": bool(self.document and self.document.get("posting") is True),
            "retired_at": self.retired_at,
        }


@dataclass
class ImportFile:
    flags: list[ImportedFlag] = field(default_factory=list)
    segments: list[dict[str, Any]] = field(default_factory=list)


def file_must_be_readable(text: str) -> ImportFile:
    """Raises the problems of its form together, each with its place."""
    if len(text.encode()) > MAX_BYTES:
        raise ImportMalformed(place="/", why=gettext("it is longer than {n} bytes").format(n=MAX_BYTES))
    try:
        whole = strict_json.loads(text)
    except strict_json.NotStrictJSON as error:
        raise ImportMalformed(place="/", why=str(error)) from error
    if not isinstance(whole, dict) or type(whole.get("format")) is not int:
        raise ImportMalformed(place="/format", why=gettext("it names no format"))
    if whole["format"] != FORMAT:
        why = gettext("the format {format} is supported").format(format=FORMAT)
        raise ImportMalformed(place="/format", why=why)
    raise_all(list(_problems(whole)))
    return ImportFile(
        [_flag(one) for one in whole.get("flags", [])], [dict(one) for one in whole.get("segments", [])]
    )


def new_flags(file: ImportFile) -> Sequence[ImportedFlag]:
    known = set(Flag.objects.values_list("key", flat=True))
    return [flag for flag in file.flags if flag.key not in known]


def new_flags_must_be_allowed(file: ImportFile) -> None:
    """As those of `CreateFlag`, but a flag that expired in the other installation is expired here too."""
    with together() as checks:
        for flag in new_flags(file):
            checks.check(owner_must_be_given, flag.owner)
            if flag.expires_on > day_of_expiry():
                checks.check(expiry_must_fit_category, flag.category, flag.expires_on, day_of_expiry())


def changed_items(file: ImportFile) -> list[ItemChange]:
    """The documents that differ from the published ones."""
    documents = [(FLAG, flag.key, flag.document) for flag in file.flags if flag.document or flag.remove]
    documents += [(SEGMENT, segment["key"], segment) for segment in file.segments]
    published = queries.latest_of((kind, key) for kind, key, _ in documents)
    items = []
    for kind, key, document in documents:
        present = published.get((kind, key))
        if canonical(present.document if present else None) != canonical(document):
            items.append(ItemChange(kind, key, document, present.pk if present else 0))
    return items


def _problems(whole: Mapping[str, Any]) -> Iterator[Refusal]:
    for name in sorted(whole.keys() - {"format", "flags", "segments"}):
        yield ImportMalformed(place=f"/{name}", why=gettext("it is unknown"))
    for name in ("flags", "segments"):
        rows = whole.get(name, [])
        if not isinstance(rows, list):
            yield ImportMalformed(place=f"/{name}", why=gettext("it is no list"))
            continue
        for index, row in enumerate(rows):
            if not isinstance(row, dict) or not isinstance(row.get("key"), str):
                yield ImportMalformed(place=f"/{name}/{index}/key", why=gettext("it is missing"))
            elif name == "flags":
                yield from _problems_of_flag(f"/flags/{index}", row)


def _problems_of_flag(place: str, row: Mapping[str, Any]) -> Iterator[Refusal]:
    for column in COLUMNS:
        if not isinstance(row.get(column), str):
            yield ImportMalformed(place=f"{place}/{column}", why=gettext("it is missing"))
    if not isinstance(row.get("document"), dict | None):
        yield ImportMalformed(place=f"{place}/document", why=gettext("it is no object"))
    if type(row.get("remove", False)) is not bool or (row.get("remove") and row.get("document") is not None):
        yield ImportMalformed(
            place=f"{place}/remove", why=gettext("it is true for a flag without a document")
        )
    if (retired := row.get("retired_at")) is not None and instant_of(retired) is None:
        yield ImportMalformed(place=f"{place}/retired_at", why=gettext("it is no instant"))
    try:
        dt.date.fromisoformat(str(row.get("expires_on")))
    except ValueError:
        yield ImportMalformed(place=f"{place}/expires_on", why=gettext("it is no date"))
    if row.get("category") not in Flag.Category.values:
        yield ImportMalformed(place=f"{place}/category", why=gettext("it is unknown"))
    if row.get("type") not in Flag.ValueType.values:
        yield ImportMalformed(place=f"{place}/type", why=gettext("it is unknown"))


def _flag(row: Mapping[str, Any]) -> ImportedFlag:
    columns = {column: row[column] for column in COLUMNS}
    columns["expires_on"] = dt.date.fromisoformat(row["expires_on"])
    return ImportedFlag(
        **columns,
        document=row.get("document"),
        retired_at=instant_of(row.get("retired_at")),
        remove=row.get("remove", False),
    )


def instant_of(text: Any) -> dt.datetime | None:
    """None for a text that is no instant with its offset from UTC."""
    try:
        instant = dt.datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return instant if instant.tzinfo else None
