"""Regular expressions of Rust → RE2. Rust's classes \\d, \\w and \\s are those of Unicode, RE2's those of ASCII."""

from __future__ import annotations

import re
import string

import re2

_WORD = r"\p{L}\p{M}\p{Nd}\p{Pc}"
_SPACE = r"\s\v\x{85}\p{Z}"
_CLASSES = {"d": r"\p{Nd}", "w": _WORD, "s": _SPACE}
_KNOWN_ESCAPES = frozenset("aftnrvAzbBpPx")
_PUNCTUATION = frozenset(string.punctuation + " ") - {"<", ">"}
_REPETITION = re.compile(r"\{[0-9]+(?:,[0-9]*)?\}")
_CODE_POINT = re.compile(r"\\[uU](?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{4}))")
_BRACED = re.compile(r"\\[pPx]\{[^{}]*\}")
_FLAGS = re.compile(r"\(\?[a-zA-Z]*-?[a-zA-Z]*[uxR][a-zA-Z-]*[:)]")
_POSIX = re.compile(r"\[:\^?[a-z]+:\]")
MAX_CHARACTERS = 1_000


class NoPattern(ValueError):
    """Rust refuses the expression, or RE2 cannot express it. The comparison never holds."""


def re2_pattern(expression: str) -> str:
    """Raises NoPattern."""
    if _FLAGS.search(expression):
        raise NoPattern("the flags u, x and R do not exist in RE2")
    pattern = "".join(_Translation(expression).parts())
    if len(pattern) > MAX_CHARACTERS:
        raise NoPattern(f"a pattern has at most {MAX_CHARACTERS} characters")
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except (re2.error, UnicodeError) as error:
        raise NoPattern(f"it is no pattern of RE2: {error}") from error
    return pattern


class _Translation:
    def __init__(self, expression: str) -> None:
        self.expression, self.position, self.class_start = expression, 0, -1

    def parts(self) -> list[str]:
        parts = []
        while self.position < len(self.expression):
            part = self._next()
            parts.append(part)
        return parts

    def _next(self) -> str:
        character = self.expression[self.position]
        if character == "\\":
            return self._escape()
        if self.class_start >= 0:
            return self._inside(character)
        if character == "{":
            return self._take(_REPETITION, "a repetition has numbers")
        self.position += 1
        if character == "[":
            self._open()
        return character

    def _take(self, form: re.Pattern[str], problem: str) -> str:
        match = form.match(self.expression, self.position)
        if match is None:
            raise NoPattern(problem)
        self.position = match.end()
        return match[0]

    def _open(self) -> None:
        """A bracket directly after the opening one, or after ^, is a member."""
        start = self.position + self.expression.startswith("^", self.position)
        self.class_start = start

    def _inside(self, character: str) -> str:
        if character == "[":
            return self._take(_POSIX, "RE2 has no classes inside classes")
        if self.expression[self.position : self.position + 2] in ("&&", "--", "~~"):
            raise NoPattern("RE2 has no intersections and differences of classes")
        if character == "]" and self.position > self.class_start:
            self.class_start = -1
        self.position += 1
        return character

    def _escape(self) -> str:
        match = _CODE_POINT.match(self.expression, self.position)
        if match is not None:
            self.position = match.end()
            return rf"\x{{{match[1] or match[2]}}}"
        match = _BRACED.match(self.expression, self.position)
        if match is not None:
            self.position = match.end()
            return match[0]
        character = self.expression[self.position + 1 : self.position + 2]
        self.position += 2
        if character.lower() in _CLASSES:
            return self._class(character)
        if character not in _KNOWN_ESCAPES and character not in _PUNCTUATION:
            raise NoPattern(rf"there is no escape \{character}")
        return f"\\{character}"

    def _class(self, character: str) -> str:
        members = _CLASSES[character.lower()]
        if self.class_start < 0:
            return f"[{members}]" if character.islower() else f"[^{members}]"
        if character.islower():
            return members
        if character == "D":
            return r"\P{Nd}"
        raise NoPattern(rf"RE2 has no \{character} of Unicode inside a class")
