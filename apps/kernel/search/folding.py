"""Texts without regard to case and accents, as an expression of SQL that an index may contain.

The expression consists of functions of PostgreSQL itself, so that a copied schema and a restored one need nothing
else. The index needs the extension pg_trgm, which `deploy/roles.sql` creates.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from django.contrib.admin.utils import get_fields_from_path
from django.db import migrations
from django.db.models import BooleanField, CharField, Expression, F, Field, Func, Model, Q, TextField, Value
from django.db.models.functions import Cast

MIN_LENGTH_WITHIN_WORDS = 3
"""Characters. A shorter word matches only where a word of the text begins: the index has groups of three characters."""
_FOLD = (
    r"replace(replace(replace(lower(translate(regexp_replace(normalize({joined}, NFKD), '[\u0300-\u036f]', '', 'g'),"
    " 'łŁøØđĐı’', 'lLoOdDi''')), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe')"
)


_FOLD_COLUMNS = (
    "CASE WHEN octet_length({joined}) = char_length({joined}) THEN lower({joined}) ELSE " + _FOLD + " END"
)
"""The same, ten times as fast for texts in ASCII, which an index has to compare again."""


class _Folded(Func):
    """The text in lower case, without accents and with compatible characters in their simple form."""

    template = _FOLD.format(joined="%(expressions)s")
    output_field = TextField()


class _FoldedColumns(Func):
    """As `_Folded`. The expression is repeated, so it may have no parameters."""

    template = _FOLD_COLUMNS.format(joined="%(expressions)s")
    output_field = TextField()


class _NotNull(Func):
    template = "coalesce(%(expressions)s, '')"
    output_field = TextField()


class _Joined(Func):
    """Texts with a space before each, so that each word has one before it."""

    template = "(' ' || %(expressions)s)"
    arg_joiner = " || ' ' || "
    output_field = TextField()


class _Like(Func):
    template = "%(expressions)s"
    arg_joiner = " LIKE "
    output_field = BooleanField()


def contains(model: type[Model], paths: Sequence[str], word: str) -> Q:
    """Whether one of the columns contains the word, in any case and with or without accents."""
    text = _FoldedColumns(_Joined(*(_text(model, path) for path in paths)))
    return Q(_Like(text, _Folded(Value(_pattern(word), output_field=TextField()))))


def text_index(table: str, *columns: str) -> migrations.RunSQL:
    """The index for `contains` of these columns, which are texts without NULL, in this order."""
    text = _FOLD_COLUMNS.format(
        joined="(' ' || " + " || ' ' || ".join(f'"{column}"' for column in columns) + ")"
    )
    name = f"{table}_search"
    return migrations.RunSQL(
        f"CREATE INDEX {name} ON {table} USING gin (({text}) public.gin_trgm_ops)", f"DROP INDEX {name}"
    )


def _text(model: type[Model], path: str) -> Expression | F:
    field: Field[object, object] = get_fields_from_path(model, path)[-1]
    text = F(path) if isinstance(field, CharField | TextField) else Cast(F(path), TextField())
    return _NotNull(text) if field.null or "__" in path else text


def _pattern(word: str) -> str:
    """Of LIKE."""
    simple = unicodedata.normalize("NFKD", word)
    for special in "\\%_":
        simple = simple.replace(special, f"\\{special}")
    return f"%{simple}%" if len(word) >= MIN_LENGTH_WITHIN_WORDS else f"% {simple}%"
