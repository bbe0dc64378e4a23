"""Rows that are chosen from a list of suggestions, which show "code name"."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext


def code_of(text: str, rows: QuerySet[Any], *, code: str = "code") -> str:
    """The code of the row that a text names, whole: by its code, or as "code name". Codes and names contain blanks.

    `code` is the field with the code. A text that names no row is returned as it is, for the refusal of the command.
    Raises ValidationError for a text that names two rows.
    """
    named = Q(**{code: text})
    for blank in (index for index, character in enumerate(text) if character == " "):
        named |= Q(**{code: text[:blank], "name": text[blank + 1 :]})
    codes: list[str] = list(rows.filter(named).order_by(code).values_list(code, flat=True)[:2])
    if len(codes) > 1:
        sentence = gettext("“{text}” names both {first} and {second}. Write the code with its name.")
        raise ValidationError(sentence.format(text=text, first=codes[0], second=codes[1]))
    return codes[0] if codes else text
