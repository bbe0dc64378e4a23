"""Draws the layers of the apps from the import contract in `pyproject.toml`.

python docs/layers.py            writes docs/layers.svg
python docs/layers.py --check    exit code 1 where the picture is out of date
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "layers.svg"
LAYER = re.compile(r'^    "(?P<apps>[a-z_| ]+)",\s+# (?P<content>.+)$', re.MULTILINE)
WIDTH, ROW, BOX, APPS_WIDTH = 960, 38, 30, 400
"""In pixels; a row is a box and the gap below it."""
STYLE = """
text { font: 14px system-ui, sans-serif; fill: #1f2937; dominant-baseline: central; }
.app { font-weight: 600; text-anchor: middle; }
.content { fill: #4b5563; }
rect { fill: #ede9fe; stroke: #7c3aed; }
path { stroke: #6b7280; fill: none; }
@media (prefers-color-scheme: dark) {
  text { fill: #f3f4f6; } .content { fill: #d1d5db; } rect { fill: #2e1065; stroke: #a78bfa; }
}
"""


def layers() -> list[tuple[list[str], str]]:
    """The apps of each layer and their content, from top to bottom."""
    contract = (ROOT / "pyproject.toml").read_text().split("exhaustive = true", 1)[1].split("]", 1)[0]
    return [
        ([app.strip() for app in match["apps"].split("|")], match["content"])
        for match in LAYER.finditer(contract)
    ]


def drawn() -> str:
    rows = layers()
    height = ROW * len(rows) + 10
    title = "Layers of the apps; an app imports from lower layers only"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{title}">',
            f"<title>{title}</title>",
            f"<style>{STYLE}</style>",
            *(
                line
                for number, (apps, content) in enumerate(rows)
                for line in _row(apps, content, number * ROW + 5)
            ),
            f'<path d="M 10 8 V {height - 12} m -6 -8 l 6 10 l 6 -10" stroke-width="2"/>',
            "</svg>\n",
        ]
    )


def _row(apps: Sequence[str], content: str, top: int) -> Iterator[str]:
    width = (APPS_WIDTH - 8 * (len(apps) - 1)) / len(apps)
    for column, app in enumerate(apps):
        left = 28 + column * (width + 8)
        yield f'<rect x="{left:g}" y="{top}" width="{width:g}" height="{BOX}" rx="5"/>'
        yield f'<text class="app" x="{left + width / 2:g}" y="{top + BOX / 2:g}">{escape(app)}</text>'
    yield f'<text class="content" x="{APPS_WIDTH + 44}" y="{top + BOX / 2:g}">{escape(content)}</text>'


def main(arguments: Sequence[str]) -> int:
    picture = drawn()
    if list(arguments) == ["--check"]:
        if PICTURE.exists() and PICTURE.read_text() == picture:
            return 0
        sys.stderr.write("docs/layers.svg is out of date: python docs/layers.py\n")
        return 1
    if arguments:
        sys.stderr.write("There is only --check.\n")
        return 2
    PICTURE.write_text(picture)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
