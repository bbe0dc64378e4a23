"""The shape of the code: sizes of files, functions and apps, import cycles, type ignores and duplicates.

    python docs/shape.py                    exit code 1 where a limit is exceeded
    python docs/shape.py DIRECTORY          of another checkout
    python docs/shape.py DIRECTORY --list   with the duplicates

Counted are the Python files of `apps/` and `config/` without migrations. The length of a function is that of its code:
without blank lines, comments and docstring. Its complexity is the number of its branches and loops plus one (McCabe).
A duplicate is a run of six or more lines that occurs a second time, apart from blank lines, comments and imports.
"""

from __future__ import annotations

import ast
import io
import statistics
import sys
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("apps", "config")
DUPLICATE_LINES = 6
LIMITS = {
    "lines of a file": (60, 200, 300),
    "lines of a function": (5, 16, 40),
}
"""Median, 95th percentile and maximum."""
MOST_LINES_OF_AN_APP = 5000
KERNEL = "apps/kernel"
"""A plain package below all apps."""
MOST_TYPE_IGNORES = 25
BRANCHES = (
    *(ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler),
    *(ast.comprehension, ast.match_case, ast.Assert),
)


@dataclass(frozen=True)
class File:
    path: str
    text: str

    @property
    def lines(self) -> int:
        return self.text.count("\n")

    @property
    def app(self) -> str:
        return "/".join(self.path.split("/")[:2]) if self.path.startswith("apps/") else "config"


@dataclass(frozen=True)
class Function:
    name: str
    lines: int
    complexity: int


def files(root: Path) -> list[File]:
    paths = [path for package in PACKAGES for path in sorted((root / package).rglob("*.py"))]
    return [
        File(str(path.relative_to(root)), path.read_text())
        for path in paths
        if "/migrations/0" not in str(path) and path.stat().st_size
    ]


def functions(file: File) -> Iterator[Function]:
    code = code_lines(file.text)
    for node in ast.walk(ast.parse(file.text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            last = node.end_lineno or node.lineno
            lines = sum(line in code for line in range(node.lineno, last + 1)) - _docstring_lines(node)
            yield Function(f"{file.path}:{node.lineno} {node.name}", lines, complexity(node))


def _docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    if ast.get_docstring(node) is None:
        return 0
    first = node.body[0]
    return (first.end_lineno or first.lineno) - first.lineno + 1


def complexity(function: ast.AST) -> int:
    branches = sum(isinstance(node, BRANCHES) for node in ast.walk(function))
    operators = sum(len(node.values) - 1 for node in ast.walk(function) if isinstance(node, ast.BoolOp))
    return 1 + branches + operators


def code_lines(text: str) -> set[int]:
    """The numbers of the lines with code; a string spans all of its lines."""
    no_code = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
    return {
        line
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type not in no_code
        for line in range(token.start[0], token.end[0] + 1)
    }


def duplicates(all_files: Sequence[File]) -> list[tuple[str, str, int]]:
    """Two starts and the number of equal lines, for each run that cannot be extended."""
    lines = {file.path: _comparable_lines(file.text) for file in all_files}
    starts: dict[tuple[str, ...], list[tuple[str, int]]] = defaultdict(list)
    for path, numbered in lines.items():
        for start in range(len(numbered) - DUPLICATE_LINES + 1):
            window = tuple(line for _, line in numbered[start : start + DUPLICATE_LINES])
            starts[window].append((path, start))
    pairs = {
        (first, second)
        for same in starts.values()
        for index, first in enumerate(same)
        for second in same[index + 1 :]
    }
    return sorted(_run(pair, pairs, lines) for pair in pairs if _previous(pair) not in pairs)


Pair = tuple[tuple[str, int], tuple[str, int]]


def _previous(pair: Pair, by: int = 1) -> Pair:
    (path, start), (other, other_start) = pair
    return (path, start - by), (other, other_start - by)


def _run(
    pair: Pair, pairs: set[Pair], lines: Mapping[str, Sequence[tuple[int, str]]]
) -> tuple[str, str, int]:
    length = DUPLICATE_LINES
    while _previous(pair, DUPLICATE_LINES - length - 1) in pairs:
        length += 1
    first, second = (f"{path}:{lines[path][start][0]}" for path, start in pair)
    return first, second, length


def _comparable_lines(text: str) -> list[tuple[int, str]]:
    code, imports = code_lines(text), _import_lines(text)
    return [
        (number, line.strip())
        for number, line in enumerate(text.splitlines(), start=1)
        if number in code and number not in imports and line.strip()
    ]


def _import_lines(text: str) -> set[int]:
    return {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }


def modules_in_cycles(root: Path, all_files: Sequence[File]) -> int:
    """The modules in import cycles; an import inside a function counts."""
    modules = {_module(file.path): file for file in all_files}
    modules |= {
        _module(str(p.relative_to(root))): File("", "") for k in PACKAGES for p in (root / k).rglob("*.py")
    }
    imports = {module: {*_imported(module, file, modules)} - {module} for module, file in modules.items()}
    return sum(module in _reached(module, imports) for module in imports)


def _reached(module: str, imports: Mapping[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = [*imports[module]]
    while waiting:
        following = waiting.pop()
        if following not in reached:
            reached.add(following)
            waiting.extend(imports[following])
    return reached


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _imported(module: str, file: File, modules: Mapping[str, File]) -> Iterator[str]:
    package = module if file.path.endswith("__init__.py") else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            base = (
                ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            )
            target = ".".join(part for part in (base, node.module) if part)
            for alias in node.names:
                name = f"{target}.{alias.name}"
                if name in modules:
                    yield name
                elif target in modules:
                    yield target


def spread(values: Sequence[int]) -> tuple[float, float, int]:
    """Median, 95th percentile and maximum."""
    return statistics.median(values), statistics.quantiles(values, n=20)[-1], max(values)


def main(arguments: Sequence[str]) -> int:
    root = Path(arguments[0]).resolve() if arguments else ROOT
    all_files = files(root)
    all_functions = [function for file in all_files for function in functions(file)]
    sizes = Counter[str]()
    for file in all_files:
        sizes[file.app] += file.lines
    kernel = sizes.pop(KERNEL)
    largest, lines_of_largest = sizes.most_common(1)[0]
    ignores = sum(file.text.count("# type: ignore") for file in all_files)
    doubles, cycles = duplicates(all_files), modules_in_cycles(root, all_files)
    spreads = {
        "lines of a file": spread([file.lines for file in all_files]),
        "lines of a function": spread([function.lines for function in all_functions]),
        "complexity of a function": spread([function.complexity for function in all_functions]),
    }
    write = sys.stdout.write
    write(f"{'files':<28}{len(all_files)}\n{'lines':<28}{sum(file.lines for file in all_files)}\n")
    write(f"{'functions':<28}{len(all_functions)}\n")
    for name, (median, high, most) in spreads.items():
        goal = "  goal: {} · {} · {}".format(*LIMITS[name]) if name in LIMITS else ""
        write(f"{name:<28}{median:g} · {high:.0f} · {most}  (median, 95th percentile, maximum){goal}\n")
    write(f"{'kernel':<28}{kernel} lines\n")
    write(f"{'largest app':<28}{largest}: {lines_of_largest} lines  goal: {MOST_LINES_OF_AN_APP}\n")
    write(f"{'modules in import cycles':<28}{cycles}  goal: 0\n")
    write(f"{'type ignores':<28}{ignores}  goal: {MOST_TYPE_IGNORES}\n")
    write(f"{'duplicates of 6+ lines':<28}{len(doubles)}\n")
    if "--list" in arguments[1:]:
        write("\n".join(f"  {first} = {second}, {count} lines" for first, second, count in doubles) + "\n")
    long = [function for function in all_functions if function.lines > LIMITS["lines of a function"][2]]
    write("".join(f"  {function.lines} lines: {function.name}\n" for function in long))
    exceeded = any(
        value > goal
        for name, goals in LIMITS.items()
        for value, goal in zip(spreads[name], goals, strict=True)
    )
    too_many = lines_of_largest > MOST_LINES_OF_AN_APP or cycles or ignores > MOST_TYPE_IGNORES
    return 1 if exceeded or too_many else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
