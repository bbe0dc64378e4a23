"""A throw-away translation in which each text of the product is in brackets: "Post entry" is "⟦Post entry⟧".

Texts are collected as makemessages does, but without xgettext: from calls of gettext, from templates, and from the
labels that the code derives from names.
"""

from __future__ import annotations

import ast
import re
import struct
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import cast

from django.utils.translation.template import templatize

from apps.console.derived_labels import derived_texts

ROOT = Path(__file__).parents[2]
LANGUAGE = "xx"
INFO = {"bidi": False, "code": LANGUAGE, "name": "Pseudo", "name_local": "Pseudo"}
HEADER = "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=(n != 1);\n"
ONE = {"_", "gettext", "gettext_lazy", "gettext_noop"}
TWO = {"ngettext", "ngettext_lazy"}
LITERAL = r"u?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
OF_TEMPLATE = re.compile(rf"\b(?:_|gettext)\({LITERAL}\)|\bngettext\({LITERAL}, *{LITERAL}")
MAGIC = 0x950412DE


def write_locale(folder: Path) -> None:
    """Writes the compiled translation under `folder`, for LOCALE_PATHS."""
    file = folder / LANGUAGE / "LC_MESSAGES" / "django.mo"
    file.parent.mkdir(parents=True)
    file.write_bytes(compiled({"": HEADER} | {text: in_brackets(text) for text in texts()}))


def in_brackets(text: str) -> str:
    return "\0".join(f"⟦{form}⟧" for form in text.split("\0"))


def texts() -> set[str]:
    """A text with a plural form has both, separated by NUL."""
    messages = {*derived_texts()}
    for path in (ROOT / "apps").rglob("*.py"):
        messages.update(_of_python(path.read_text()))
    for path in (ROOT / "templates").rglob("*.*"):
        messages.update(_of_template(path.read_text()))
    return messages - {""}


def compiled(catalogue: dict[str, str]) -> bytes:
    """The .mo format of gettext: two tables of lengths and offsets, and the texts."""
    pairs = sorted((text.encode(), translation.encode()) for text, translation in catalogue.items())
    start = 28 + 16 * len(pairs)
    tables: list[list[int]] = [[], []]
    body = b""
    for column, table in enumerate(tables):
        for pair in pairs:
            table += [len(pair[column]), start + len(body)]
            body += pair[column] + b"\0"
    head = struct.pack("<7I", MAGIC, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0)
    return head + struct.pack(f"<{4 * len(pairs)}I", *tables[0], *tables[1]) + body


def _of_python(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            literals = [argument.value for argument in node.args[:2] if isinstance(argument, ast.Constant)]
            if name in ONE and literals:
                yield cast(str, literals[0])
            elif name in TWO and len(literals) == 2:
                yield "\0".join(cast(list[str], literals))


def _of_template(source: str) -> Iterator[str]:
    for one, singular, plural in OF_TEMPLATE.findall(templatize(source)):
        literals = [ast.literal_eval(literal) for literal in (one, singular, plural) if literal]
        yield "\0".join(literals)


class VisibleTexts(HTMLParser):
    """The texts that a page shows, and those of its attributes for screen readers."""

    ATTRIBUTES = ("aria-label", "title", "placeholder", "alt")
    INLINE = ("em", "code", "strong", "br")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._hidden = 0
        self._text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._end_text(tag)
        values = dict(attrs)
        icon = "material-symbols-outlined" in (values.get("class") or "")
        self._hidden = self._hidden + 1 if self._hidden else int(tag in ("script", "style") or icon)
        self.texts += [str(values[name]) for name in self.ATTRIBUTES if values.get(name)]

    def handle_endtag(self, tag: str) -> None:
        self._end_text(tag)
        self._hidden = max(0, self._hidden - 1)

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._text += data

    def _end_text(self, tag: str) -> None:
        """A text continues through inline tags."""
        if tag not in self.INLINE:
            self.texts.append(" ".join(self._text.split()))
            self._text = ""


def untranslated(page: str, code: str) -> set[str]:
    """What remains of the texts of a page without brackets, and without what `code` matches."""
    remaining: set[str] = set()
    for text in VisibleTexts(page).texts:
        while text != (inner := re.sub(r"⟦[^⟦⟧]*⟧", " ", text)):
            text = inner
        remaining.add(" ".join(re.findall(r"[A-Za-z]{3,}", re.sub(code, " ", text))))
    return remaining - {""}
