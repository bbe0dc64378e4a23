"""What is searched in accounts and entries."""

from __future__ import annotations

import re
from typing import Any

from django.db.models import Q, Value
from django.db.models.functions import Concat
from django.db.models.lookups import IExact, IStartsWith

from apps.kernel.notation import is_whole_number
from apps.kernel.search import Numbers, Request, Search, amounts, beginning_with

from .models import Entry, Journal

ACCOUNTS = Search(texts=("code", "name"))
_NUMBER = re.compile(r"(?P<series>.+)-(?P<digits>[0-9]+)")


_SERIES = Concat("journal__code", Value("-"), "year__code")


def _beginning_with(request: Request) -> Q:
    """GEN, GEN-2026, GEN-2026-12: journal, fiscal year, and the beginning of a number; or that beginning alone. A draft
    has the number of its row."""
    word = request.word
    if word.lower() == "draft":
        return Q(status=Entry.Status.DRAFT)
    if (number := beginning_with(word, "number")) and (draft := beginning_with(word)):
        return number | (draft & Q(status=Entry.Status.DRAFT))
    matching = Q(IStartsWith(Concat(_SERIES, Value("-")), word))
    if (match := _NUMBER.fullmatch(word)) and (numbers := beginning_with(match["digits"], "number")):
        matching |= Q(IExact(_SERIES, match["series"])) & numbers
    return matching & Q(journal__in=_journals(request))


def _journals(request: Request) -> Any:
    """Those with whose code the word begins. Without them, every number would be read."""
    journals = Journal.objects.using(request.database).order_by()
    beginning = Concat("code", Value("-"))
    return journals.filter(IStartsWith(Value(f"{request.word}-"), beginning)).values("pk")


def _exact(word: str) -> Q | None:
    if is_whole_number(word):
        return Q(number=int(word)) | Q(pk=int(word), status=Entry.Status.DRAFT)
    match = _NUMBER.fullmatch(word)
    if match is None or not is_whole_number(match["digits"]):
        return None
    return Q(IExact(_SERIES, match["series"])) & Q(number=int(match["digits"]))


ENTRIES = Search(
    numbers=Numbers(_beginning_with, _exact),
    texts=("memo", "payee", "reference"),
    branches=(amounts("lines__amount_minor", currency="lines__currency"),),
)
