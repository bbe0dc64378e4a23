"""The text files of the repository, the area that each belongs to, and the tokens of a Python file."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

from .patterns import normalised

ROOT = Path(__file__).parents[3]
DATA = "tests/architecture/ratchets/words.toml"
"""Names every word that it forbids, so no ratchet reads it."""

SUFFIXES = {".py", ".html", ".md", ".txt", ".css", ".js", ".toml", ".sql", ".sh"}
WITHOUT_SUFFIX = {"Makefile", "run"}
GENERATED = {"staticfiles", "media", "node_modules", "__pycache__", "fonts"}
LOCKED = re.compile(r"^requirements.*\.txt$")

TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)
    |(?P<string>[rbuRBU]{0,2}(?P<f>[fF]?)[rR]?
        (?:\"{3}(?:\\.|[^\\])*?\"{3}|'{3}(?:\\.|[^\\])*?'{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    |(?P<name>[^\W\d]\w*)""",
    re.DOTALL | re.VERBOSE,
)
INTERPOLATED = re.compile(r"\{([^{}:!]+)")
NAME = re.compile(r"[^\W\d]\w*")
QUOTES = re.compile(r"^[A-Za-z]*(\"{3}|'{3}|\"|')(.*)\1$", re.DOTALL)


@dataclass(frozen=True)
class Hit:
    path: str
    line: int
    message: str

    @property
    def area(self) -> str:
        return area_of(self.path)

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


class Token(NamedTuple):
    kind: str  # "name", "string" (its content, without quotes) or "comment"
    text: str
    line: int


@dataclass(frozen=True)
class Source:
    path: str
    text: str

    @cached_property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    @cached_property
    def normalised_lines(self) -> list[str]:
        return normalised(self.text).split("\n")

    @property
    def is_python(self) -> bool:
        return self.path.endswith(".py")

    @property
    def is_test(self) -> bool:
        return self.path.startswith("tests/")

    @cached_property
    def tokens(self) -> list[Token]:
        return list(_tokens(self.text))


def _tokens(text: str) -> Iterator[Token]:
    ends = [end.start() for end in re.finditer("\n", text)]
    for match in TOKEN.finditer(text):
        line = bisect_right(ends, match.start()) + 1
        if match["name"]:
            yield Token("name", match["name"], line)
        elif match["comment"]:
            yield Token("comment", match["comment"], line)
        elif content := QUOTES.match(match["string"]):
            yield Token("string", content[2], line)
            if match["f"]:
                yield from _interpolated(content[2], line)


def _interpolated(content: str, line: int) -> Iterator[Token]:
    for expression in INTERPOLATED.finditer(content):
        at = line + content.count("\n", 0, expression.start())
        for name in NAME.finditer(expression[1]):
            yield Token("name", name[0], at)


@cache
def area_of(path: str) -> str:
    """`apps/ledger/rules.py` belongs to apps/ledger, `templates/console/seal.html` to templates, README.md to root."""
    top, *rest = path.split("/")
    if not rest or top.startswith("."):
        return "root"
    return f"{top}/{rest[0]}" if top in ("apps", "tests") and len(rest) > 1 else top


def sources(root: Path = ROOT) -> list[Source]:
    return [Source(path, (root / path).read_text()) for path in sorted(_paths(root)) if path != DATA]


def _paths(root: Path) -> Iterator[str]:
    for entry in root.iterdir():
        if entry.is_dir() and (not entry.name.startswith(".") or entry.name == ".ci"):
            yield from _paths_below(root, entry)
        elif entry.is_file() and _is_text(entry):
            yield entry.name


def _paths_below(root: Path, folder: Path) -> Iterator[str]:
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name not in GENERATED:
            yield from _paths_below(root, entry)
        elif entry.is_file() and _is_text(entry):
            yield entry.relative_to(root).as_posix()


def _is_text(file: Path) -> bool:
    if LOCKED.match(file.name):
        return False
    return file.suffix in SUFFIXES or file.name in WITHOUT_SUFFIX
