"""Regular expressions of Rust → RE2. Rust's classes \\d, \\w and \\s are those of Unicode, RE2's those of ASCII."""

from __future__ import annotations

import re
import string

import re2

_WORD = (
    r"\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\x{200c}\x{200d}"  # and letters in circles and squares:
    r"\x{24b6}-\x{24e9}\x{1f130}-\x{1f149}\x{1f150}-\x{1f169}\x{1f170}-\x{1f189}"
)
_SPACE = r"\s\v\x{85}\p{Z}"
_CLASSES = {"d": r"\p{Nd}", "w": _WORD, "s": _SPACE}
_NOT_IN_CLASS = {
    "D": r"\P{Nd}",
    "S": r"\x{0}-\x{8}\x{e}-\x{1f}!-\x{84}\x{86}-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}"
    r"\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{10ffff}",
}
_KNOWN_ESCAPES = frozenset("aftnrvAzbBpPx")
_PUNCTUATION = frozenset(string.punctuation + " ") - {"<", ">"}
_REPETITION = re.compile(r"\{[0-9]+(?:,[0-9]*)?\}")
_CODE_POINT = re.compile(r"\\(?:[uU]\{([0-9A-Fa-f]+)\}|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))")
_BRACED = re.compile(r"\\[pPx]\{[^{}]*\}")
_FLAGS = re.compile(r"\(\?(?:[a-zA-Z]*-?[a-zA-Z]*[uxR][a-zA-Z-]*[:)]|-?\))")
_GROUP = re.compile(r"\(\?P?<([^>]+)>")
_POSIX = re.compile(r"\[:\^?[a-z]+:\]")
MAX_CHARACTERS = 1_000


class NoPattern(ValueError):
    """Rust refuses the expression, or RE2 cannot express it. The comparison never holds."""


def re2_pattern(expression: str) -> str:
    """Raises NoPattern."""
    if _FLAGS.search(expression):
        raise NoPattern("RE2 has no flags u, x and R, and no empty ones")
    groups = _GROUP.findall(expression)
    if len(set(groups)) < len(groups):
        raise NoPattern("two groups have one name")
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
            parts.append(self._next())
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
            return rf"\x{{{match[1] or match[2] or match[3]}}}"
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
        if character in _NOT_IN_CLASS:
            return _NOT_IN_CLASS[character]
        raise NoPattern(rf"RE2 has no \{character} of Unicode inside a class")
