"""Validation of reversals."""

from __future__ import annotations

import datetime as dt

from .errors import EntryIsDraft, EntryIsOfDocument, EntryIsReversed, ReversalTooEarly
from .hooks import document_of
from .models import Entry
from .rules import entry_must_exist


def entry_must_be_reversible(entry_id: int) -> Entry:
    """The entry is posted, not reversed, and no document booked it. Locks it until the end of the transaction."""
    entry = entry_must_exist(entry_id)
    must_be_reversible(entry)
    return entry


def must_be_reversible(entry: Entry) -> None:
    if not entry.is_posted:
        raise EntryIsDraft(entry=entry)
    if Entry.objects.filter(reversal_of=entry).exists():
        raise EntryIsReversed(entry=entry)
    if document := document_of(entry.source):
        raise EntryIsOfDocument(entry=entry, document=str(document.name), correction=str(document.correction))


def reversal_must_not_be_earlier(entry: Entry, posted_on: dt.date) -> None:
    if posted_on < entry.posted_on:
        raise ReversalTooEarly(entry=entry, posted_on=entry.posted_on)
