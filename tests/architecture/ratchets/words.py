"""Private words where the field has a term. A row of `words.toml` says where its patterns apply:

text         everywhere: identifiers, prose, test titles, templates, file names
names        identifiers of Python code, strings that are one identifier, variables of templates, file names;
             not test titles. `=Order` is that identifier alone, in its own case
labels       the whole of a string, or of an element of a template, in its own case; not in tests, which quote pages
columns      fields of models
unless_line  regular expressions: a line that one matches has no violation of this row
only_in      paths to which a row is limited
not_in       paths in which the word is a term
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import chain

from .patterns import Index, Phrases, data, normalised
from .sources import NAME, Hit, Source

IDENTIFIER = re.compile(r"^[A-Za-z_][\w.-]*$")
TEMPLATE_CODE = re.compile(r"\{[{%](.*?)[%}]\}")
QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
ELEMENT = re.compile(r">\s*([^<>{}]+?)\s*<|\*([^*]+)\*")
TITLE = re.compile(r"^(test_|Test[A-Z])")
FIELD = re.compile(
    r"(?:^ +(\w+)(?:: [^=\n]+)? = |\(\s*\"(\w+)\",\s*)(?:models\.)?[A-Z]\w*(?:Field|Key)\(", re.MULTILINE
)
WITH_LABELS = (".html", ".md", ".txt")


@dataclass(frozen=True)
class Row:
    was: str
    is_now: str
    text: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    unless_line: tuple[str, ...] = ()
    only_in: tuple[str, ...] = ()
    not_in: tuple[str, ...] = ()
    finds: tuple[str, ...] = field(default=(), compare=False)
    passes: tuple[str, ...] = field(default=(), compare=False)

    @property
    def exact_names(self) -> tuple[str, ...]:
        return tuple(name[1:] for name in self.names if name.startswith("="))

    @property
    def name_phrases(self) -> tuple[str, ...]:
        return tuple(name for name in self.names if not name.startswith("="))

    def applies_to(self, path: str, line: str) -> bool:
        if (self.only_in and not path.startswith(self.only_in)) or path.startswith(self.not_in):
            return False
        return not any(re.search(exception, line) for exception in self.unless_line)

    def __str__(self) -> str:
        return f"{self.was} → {self.is_now}"


class Words:
    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = list(rows)
        self._text = Index((row, Phrases(row.text, row.unless)) for row in self.rows if row.text)
        self._names = Index(
            (row, Phrases(row.name_phrases, row.unless)) for row in self.rows if row.name_phrases
        )
        self._exact = _by_key((name, row) for row in self.rows for name in row.exact_names)
        self._labels = _by_key((label, row) for row in self.rows for label in row.labels)
        self._columns = _by_key((column, row) for row in self.rows for column in row.columns)
        self._rows_of_name: dict[str, tuple[Row, ...]] = {}
        self._rows_of_phrase: dict[str, tuple[Row, ...]] = {}

    def hits(self, source: Source) -> Iterator[Hit]:
        """One for each line and row, so that a change of the layout changes no count."""
        rows = {
            (line, row): None
            for line, row in chain(self._in_text(source), self._in_names(source), self._in_columns(source))
            if row.applies_to(source.path, source.lines[line - 1])
        }
        return (Hit(source.path, line, str(row)) for line, row in rows)

    def _in_text(self, source: Source) -> Iterator[tuple[int, Row]]:
        for row in chain(
            self._text.matching(normalised(source.path.rpartition("/")[2])), self._of_file_name(source)
        ):
            yield 1, row
        for number, line in enumerate(source.normalised_lines, start=1):
            for row in self._text.matching(line):
                yield number, row

    def _of_file_name(self, source: Source) -> Iterable[Row]:
        stem = source.path.rpartition("/")[2].partition(".")[0]
        return () if TITLE.match(stem) else self.rows_of_name(stem)

    def _in_names(self, source: Source) -> Iterator[tuple[int, Row]]:
        if source.is_python:
            yield from self._in_python(source)
        elif source.path.endswith(WITH_LABELS):
            yield from self._in_template(source)

    def _in_python(self, source: Source) -> Iterator[tuple[int, Row]]:
        for token in source.tokens:
            if token.kind == "name":
                for row in self.rows_of_name(token.text):
                    yield token.line, row
            elif token.kind == "string":
                for row in self._labels.get(token.text, ()) if not source.is_test else ():
                    yield token.line, row
                if IDENTIFIER.match(token.text):
                    for row in self._rows_of_phrases(token.text):
                        yield token.line, row

    def _in_template(self, source: Source) -> Iterator[tuple[int, Row]]:
        for number, line in enumerate(source.lines, start=1):
            for code in TEMPLATE_CODE.finditer(line):
                for name in NAME.findall(QUOTED.sub("", code[1])):
                    for row in self.rows_of_name(name):
                        yield number, row
            for element in ELEMENT.finditer(line):
                for row in self._labels.get(element[1] or element[2], ()):
                    yield number, row

    def _in_columns(self, source: Source) -> Iterator[tuple[int, Row]]:
        if source.is_python:
            for declared in FIELD.finditer(source.text):
                for row in self._columns.get(declared[1] or declared[2], ()):
                    yield source.text.count("\n", 0, declared.end()) + 1, row

    def rows_of_name(self, name: str) -> tuple[Row, ...]:
        if name not in self._rows_of_name:
            self._rows_of_name[name] = (*self._exact.get(name, ()), *self._rows_of_phrases(name))
        return self._rows_of_name[name]

    def _rows_of_phrases(self, name: str) -> tuple[Row, ...]:
        """Not of a test title: that is a sentence."""
        if name not in self._rows_of_phrase:
            matching = () if TITLE.match(name) else self._names.matching(normalised(name))
            self._rows_of_phrase[name] = tuple(matching)
        return self._rows_of_phrase[name]


def _by_key(pairs: Iterable[tuple[str, Row]]) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = {}
    for key, row in pairs:
        rows.setdefault(key, []).append(row)
    return rows


@cache
def words() -> Words:
    return Words(
        Row(**{key: tuple(value) if isinstance(value, list) else value for key, value in row.items()})
        for row in data()["words"]
    )


def hits(sources: Iterable[Source]) -> Iterator[Hit]:
    return chain.from_iterable(map(words().hits, sources))
