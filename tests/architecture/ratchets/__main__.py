"""`python -m tests.architecture.ratchets`; the docstring of the package is its manual."""

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence

from . import RATCHETS, counts
from .counts import Counts
from .sources import ROOT, Hit, sources

MAX_HITS_SHOWN = 20


def main(arguments: Sequence[str] | None = None) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    texts = sources()
    if options.list:
        ratchet, *areas = options.list
        if ratchet not in RATCHETS:
            parser.error(f"no ratchet {ratchet}; there are {', '.join(RATCHETS)}")
        return _list(RATCHETS[ratchet](texts), areas)
    hits = {name: list(ratchet(texts)) for name, ratchet in RATCHETS.items()}
    now, before = counts.counted(hits), counts.committed()
    if options.moved:
        before = counts.moved(now, before, *options.moved)
    return _write(now, before, hits) if options.write else _check(now, before, hits)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.architecture.ratchets")
    parser.add_argument(
        "--write", action="store_true", help="record the counts that are lower; none is raised"
    )
    parser.add_argument(
        "--moved", nargs=2, metavar=("OLD", "NEW"), help="NEW takes over the counts that OLD lost"
    )
    parser.add_argument("--list", nargs="+", metavar=("RATCHET", "AREA"), help="print all violations")
    return parser


def _list(hits: Iterable[Hit], areas: Sequence[str]) -> int:
    for hit in sorted(hits, key=lambda hit: (hit.path, hit.line)):
        if not areas or hit.area in areas:
            sys.stdout.write(f"{hit}\n")
    return 0


def _check(now: Counts, before: Counts, hits: Mapping[str, Sequence[Hit]]) -> int:
    differences = counts.differences(now, before)
    _report(differences, hits)
    return 1 if differences else 0


def _write(now: Counts, before: Counts, hits: Mapping[str, Sequence[Hit]]) -> int:
    try:
        counts.write(now, before)
    except counts.WouldGrow as growth:
        _report(growth.differences, hits)
        sys.stderr.write("Nothing was written: a count is never raised.\n")
        return 1
    return 0


def _report(differences: Iterable[counts.Difference], hits: Mapping[str, Sequence[Hit]]) -> None:
    for difference in differences:
        sys.stderr.write(f"{difference}\n")
        if difference.is_growth:
            of_area = [hit for hit in hits[difference.ratchet] if hit.area == difference.area]
            for hit in sorted(of_area, key=_latest_change_first)[:MAX_HITS_SHOWN]:
                sys.stderr.write(f"  {hit}\n")
            if (left_out := len(of_area) - MAX_HITS_SHOWN) > 0:
                sys.stderr.write(f"  and {left_out} more: --list {difference.ratchet} {difference.area}\n")


def _latest_change_first(hit: Hit) -> tuple[float, str, int]:
    return (-(ROOT / hit.path).stat().st_mtime, hit.path, hit.line)


if __name__ == "__main__":
    sys.exit(main())
