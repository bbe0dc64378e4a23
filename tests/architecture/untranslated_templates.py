"""Texts of templates that are not marked for translation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from .shown_texts import is_text
from .untranslated import ROOT

TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.S)
MARKED = re.compile(
    r"\{% (blocktranslate|comment)\b.*?\{% end\1 %\}|<(script|style)\b.*?</\2>|<!--.*?-->", re.S
)
ICON = re.compile(r"(<span class=\"material-symbols-outlined[^>]*>)[^<{]*")
SHOWN_ATTRIBUTE = re.compile(r"\b(?:aria-label|title|placeholder|alt)=\"([^\"]*)\"")
ARGUMENT = re.compile(
    r"(?:default|default_if_none|yesno|pluralize):[\"']([^\"']*)[\"']|\bwith\b[^%]*?=\"([^\"]*)\""
)


def in_templates(paths: list[Path] | None = None) -> Iterator[str]:
    """Texts of templates outside of `translate` and `blocktranslate`, each with its file."""
    for path in paths or sorted((ROOT / "templates").rglob("*.*")):
        for text in texts_in_template(path.read_text()):
            yield f"{path.relative_to(ROOT)}: {text!r}"


def texts_in_template(source: str) -> list[str]:
    source = ICON.sub(r"\1", MARKED.sub("", source))
    arguments = [
        text
        for tag in TAG.findall(source)
        for pair in ARGUMENT.findall(tag)
        for text in pair
        if is_text(text)
    ]
    plain = TAG.sub("", source)
    shown = [*SHOWN_ATTRIBUTE.findall(plain), *re.split(r"<[^>]*>", plain)]
    return [*arguments, *(text.strip() for text in shown if is_text(text))]
