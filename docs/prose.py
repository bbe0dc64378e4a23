"""Relative words and indefinite pronouns per 1,000 words of documentation.

    python docs/prose.py            a table by page; exit code 1 where a limit is exceeded
    python docs/prose.py --lines    the lines in which they occur

Both make sentences long and vague. Large Django projects have 13 to 18 relatives and 27 to 32 pronouns per 1,000 words.
Code blocks, inline code and addresses of links do not count.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RELATIVES = frozenset({"what", "whatever", "which", "whichever", "who", "whoever", "whom", "whose", "that"})
PRONOUNS = frozenset(
    {"it", "its", "itself", "one", "ones", "none", "others"}
    | {start + end for start in ("any", "every", "no", "some") for end in ("body", "thing")}
    | {"anyone", "everyone", "someone"}
)
LIMITS = {"relatives": (RELATIVES, 18), "pronouns": (PRONOUNS, 30)}
NOT_PROSE = re.compile(r"```.*?```|`[^`]*`|\]\([^)]*\)|<[^>]*>|https?://\S+", re.DOTALL)
WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")


def pages() -> list[Path]:
    return [
        ROOT / "README.md",
        *sorted(ROOT.glob("docs/**/*.md")),
        *sorted(ROOT.glob("apps/**/*.md")),
    ]


def words(text: str) -> list[str]:
    return [word.lower() for word in WORD.findall(NOT_PROSE.sub(" ", text))]


def lines() -> Iterator[str]:
    for page in pages():
        for number, line in enumerate(page.read_text().splitlines(), start=1):
            if page_words := [word for word in words(line) if word in RELATIVES | PRONOUNS]:
                yield f"{page.relative_to(ROOT)}:{number}: {' '.join(page_words)}: {line.strip()}"


def main(arguments: list[str]) -> int:
    if arguments == ["--lines"]:
        sys.stdout.writelines(f"{line}\n" for line in lines())
        return 0
    if arguments:
        sys.stderr.write("There is only --lines.\n")
        return 2
    counts = {page: words(page.read_text()) for page in pages()}
    sys.stdout.write(f"{'page':<44} {'words':>6} {'relatives':>10} {'pronouns':>9}   per 1,000 words\n")
    for page, page_words in counts.items():
        sys.stdout.write(_row(str(page.relative_to(ROOT)), page_words))
    together = [word for page_words in counts.values() for word in page_words]
    sys.stdout.write(_row("together", together))
    return int(any(_rate(together, word_list) > limit for word_list, limit in LIMITS.values()))


def _row(name: str, page_words: list[str]) -> str:
    rates = [_rate(page_words, word_list) for word_list, _ in LIMITS.values()]
    return f"{name:<44} {len(page_words):>6} {rates[0]:>10.1f} {rates[1]:>9.1f}\n"


def _rate(page_words: list[str], word_list: frozenset[str]) -> float:
    return 1000 * sum(word in word_list for word in page_words) / max(len(page_words), 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
