"""Texts for people in Python that are not marked for translation, by the place of the literal (shown_texts.py)."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from . import shown_texts as shown

ROOT = Path(__file__).parents[2]


def in_python() -> Iterator[str]:
    """`file:line text` of each unmarked text of the apps."""
    for path in sorted((ROOT / "apps").rglob("*.py")):
        name = str(path.relative_to(ROOT))
        if not shown.SKIPPED_FOLDERS.intersection(path.parts) and name not in shown.SKIPPED_FILES:
            for literal in texts_in(path.read_text(), is_page=bool(shown.PAGES.search(name))):
                yield f"{name}:{literal.lineno} {text_of(literal)!r}"


def texts_in(source: str, *, is_page: bool = False) -> list[ast.expr]:
    """The unmarked literals of a source, in their order."""
    tree = ast.parse(source)
    named, literals = _functions_named(tree), {}
    for node in ast.walk(tree):
        for literal in _of_node(node, named):
            literals[id(literal)] = literal
    for literal in _of_page(tree) if is_page else ():
        literals[id(literal)] = literal
    return sorted(literals.values(), key=lambda literal: (literal.lineno, literal.col_offset))


def text_of(literal: ast.expr) -> str:
    """An f-string has {} for each value."""
    if isinstance(literal, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in literal.values)
    return literal.value if isinstance(literal, ast.Constant) and isinstance(literal.value, str) else ""


def translated_f_strings(source: str) -> list[str]:
    """Arguments of gettext that are no literal texts: their values would be part of the message id."""
    return [
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and _name(node.func) in shown.TRANSLATING
        if any(isinstance(argument, ast.JoinedStr | ast.BinOp) for argument in node.args)
    ]


def _of_node(node: ast.AST, named: set[str]) -> Iterable[ast.expr]:
    if isinstance(node, ast.Call):
        return _of_call(node)
    if isinstance(node, ast.ClassDef):
        return _of_class(node)
    if isinstance(node, ast.FunctionDef) and _is_shown(node, named):
        return (literal for statement in node.body for literal in _below(statement, shown.is_text))
    return ()


def _of_call(call: ast.Call) -> Iterator[ast.expr]:
    name = _name(call.func)
    if _hides(call):
        return
    for keyword in call.keywords:
        if keyword.arg in shown.SHOWN_NAMES:
            yield from _choices(keyword.value)
    is_flash = name in shown.FLASHES and _is_of(call, "messages")
    for index in (1,) if is_flash else shown.SHOWN_ARGUMENTS.get(name, ()):
        for argument in call.args[index : index + 1]:
            yield from _choices(argument)


def _of_class(declared: ast.ClassDef) -> Iterator[ast.expr]:
    has_choices = any(_name(base) in ("TextChoices", "IntegerChoices") for base in declared.bases)
    for statement in declared.body:
        if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
            continue
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        names, value = {_name(target) for target in targets}, statement.value
        if has_choices and isinstance(value, ast.Tuple):
            yield from _choices(value.elts[-1])
        elif names & shown.SHOWN_NAMES:
            yield from _choices(value)
        elif "fieldsets" in names and isinstance(value, ast.Tuple):
            for fieldset in value.elts:
                yield from _choices(fieldset.elts[0]) if isinstance(fieldset, ast.Tuple) else ()


def _of_page(tree: ast.Module) -> Iterator[ast.expr]:
    """Sentences and headings in functions of a page, and at its top level."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            for statement in node.body:
                yield from _below(statement, shown.is_sentence)
    for statement in tree.body:
        value = getattr(statement, "value", None)
        if isinstance(value, ast.Dict):
            for entry in value.values:
                yield from _below(entry, shown.is_sentence)
        elif not isinstance(statement, ast.ClassDef | ast.FunctionDef):
            yield from _below(statement, shown.is_sentence)


def _below(node: ast.AST, is_shown: Callable[[str], bool]) -> Iterator[ast.expr]:
    """Literals anywhere below a node, apart from those of calls, keys and comparisons that show nothing."""
    if isinstance(node, ast.Constant | ast.JoinedStr):
        yield from [node] if is_shown(text_of(node)) else []
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            is_literal = isinstance(value, ast.Constant | ast.JoinedStr)
            if not is_literal or (key is not None and text_of(key) in shown.PAGE_KEYS):
                yield from _below(value, is_shown)
    elif not _is_hidden(node):
        for child in ast.iter_child_nodes(node):
            yield from _below(child, is_shown)


def _is_hidden(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return _hides(node)
    if isinstance(node, ast.keyword):
        return node.arg in shown.HIDDEN_NAMES
    is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_docstring or isinstance(node, ast.Subscript | ast.Compare | ast.FunctionDef)


def _choices(value: ast.expr) -> Iterator[ast.expr]:
    """The literals that a value may be: itself, the elements of a list, either branch of a condition."""
    if isinstance(value, ast.Constant | ast.JoinedStr):
        yield from [value] if shown.is_text(text_of(value)) else []
        return
    parts: list[ast.expr] = []
    if isinstance(value, ast.Tuple | ast.List):
        parts = value.elts
    elif isinstance(value, ast.IfExp):
        parts = [value.body, value.orelse]
    elif isinstance(value, ast.BoolOp):
        parts = value.values
    elif isinstance(value, ast.BinOp):
        parts = [value.left, value.right]
    elif isinstance(value, ast.Lambda):
        parts = [value.body]
    for part in parts:
        yield from _choices(part)


def _functions_named(tree: ast.Module) -> set[str]:
    """Functions that a part of the dashboard names: `note=_turnover`."""
    return {
        _name(keyword.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg in shown.SHOWN_BY_NAME
    } - {""}


def _is_shown(function: ast.FunctionDef, named: set[str]) -> bool:
    decorators = {
        _name(decorator.func if isinstance(decorator, ast.Call) else decorator)
        for decorator in function.decorator_list
    }
    returns = ast.unparse(function.returns) if function.returns else ""
    return function.name in shown.SHOWN_RESULTS | named or "display" in decorators or "Facts" in returns


def _hides(call: ast.Call) -> bool:
    return _name(call.func) in shown.HIDDEN_CALLS or _is_of(call, "log")


def _is_of(call: ast.Call, module: str) -> bool:
    return isinstance(call.func, ast.Attribute) and _name(call.func.value) == module


def _name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
