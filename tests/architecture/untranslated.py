"""Texts for people that are not marked for translation: literals in Python by their place, and texts of templates.

A literal is shown when it is an argument or attribute that a page displays (`title=`, `help_text`, the label of a
choice …), or a sentence in a function that returns what a page displays. API schemas, log lines, management commands
and `SELECT`s are not shown.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
SKIPPED = {"migrations", "management", "api", "tests"}
"""Folders. Django does not translate management commands, and OpenAPI is English."""
NOT_SHOWN = {
    "apps/inventory/commands.py": "the unit of a new item is data",
    "apps/kernel/actors.py": "names of actors are stored and compared",
    "apps/modules/registry.py": "for developers: the process does not start",
    "apps/notices/transports/chat.py": "a message that is not sent",
    "apps/sales/invoice_pdf.py": "an invoice has one language, and its bytes never change",
}
"""Files with texts that no page shows, and the reason."""

SHOWN_NAMES = {
    "caption",
    "consequences",
    "description",
    "empty",
    "empty_message",
    "empty_value_display",
    "group",
    "headers",
    "help_text",
    "index_title",
    "initial_text",
    "label",
    "note",
    "search_help_text",
    "short_description",
    "site_header",
    "site_title",
    "detail",
    "subject",
    "text",
    "title",
    "unit",
    "verbose_name",
    "verbose_name_plural",
    "why",
}
"""Names of keyword arguments and attributes of classes."""
NOT_SHOWN_NAMES = {"reason", "errors"}
"""Names of arguments in pages: the reason of a dry run, the error handling of a codec."""
SHOWN_ARGUMENTS = {
    "Link": (0,),
    "Reading": (0, 1),
    "SearchHit": (0, 1),
    "Series": (0,),
    "declare_kind": (1,),
    "error": (1,),
    "info": (1,),
    "success": (1,),
    "ValidationError": (0,),
    "Http404": (),
    "warning": (1,),
}
"""Function → its shown positional arguments; of `info`, `success`, … only those of `messages`."""
SHOWN_RESULTS = {"__str__", "facts", "preview", "sentence", "site_subheader"}
"""Functions that return what a page displays, besides columns of lists and those that parts of the dashboard name."""
SHOWN_BY_NAME = {"note", "value"}
PAGES = re.compile(
    r"/(?:admin|[a-z_]*pages?|admin/\w+|console/(?:sites|context|menu|dashboard|palette|empty_lists|widgets))\.py\Z"
)
"""Files of pages: a literal that begins with a capital letter or has several words is shown, anywhere in them."""
PAGE_KEYS = SHOWN_NAMES | {"lead", "text"}
SENTENCE = re.compile(r"\A\W*[A-Z][a-z]|[A-Za-z]{2,},? [A-Za-z]{2,}")
NOT_SHOWN_CALLS = {
    "extend_schema",
    "OpenApiParameter",
    "OpenApiResponse",
    "OpenApiExample",
    "PolymorphicProxySerializer",
    "add_argument",
    "ArgumentParser",
    "Lock",
    "TableLock",
    "Counter",
    "Gauge",
    "Histogram",
    "publish",
    "filter",
    "exclude",
    "get",
    "create",
    "Delivery",
    "format_field",
    "strftime",
    "reverse",
    "redirect",
    "get_or_create",
    "update_or_create",
    "getattr",
    "has_perm",
    "startswith",
    "join",
    "System",
    "select_related",
    "prefetch_related",
    "values",
    "values_list",
    "order_by",
    "annotate",
    "aggregate",
    "only",
    "render_to_string",
    "TemplateResponse",
    "getLogger",
    "TypeError",
    "TypeVar",
    "Steward",
    "_",
    "gettext",
    "gettext_lazy",
    "gettext_noop",
    "ngettext",
    "ngettext_lazy",
    "pgettext",
}
TRANSLATING = {name for name in NOT_SHOWN_CALLS if "gettext" in name} | {"_"}
WORD = re.compile(r"[A-Za-z]{2,}")
CODE = re.compile(
    r"\A(?:\S*=\S*|INV-\S*|[a-z0-9]+(?:[_.:/-][a-z0-9_%{}<>]+)+|--[\w-]+|[\w./:%-]+\.(?:html|py|csv|json))\Z",
    re.S,
)
HTML = re.compile(r"<[^>]*>|&\w+;")
BRANDS = {"Bursar", "URL", "UTC", "CSV", "API", "PDF", "JSON", "HTTP", "ID"}


class Untranslated(NamedTuple):
    file: str
    line: int
    text: str
    node: ast.expr

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.text!r}"


def in_python(paths: list[Path] | None = None) -> Iterator[Untranslated]:
    for path in paths or sorted((ROOT / "apps").rglob("*.py")):
        parts = path.relative_to(ROOT).parts
        if not SKIPPED.intersection(parts) and "/".join(parts) not in NOT_SHOWN:
            for node in _Finder(path.read_text(), is_page=bool(PAGES.search(str(path)))).unmarked():
                yield Untranslated(str(path.relative_to(ROOT)), node.lineno, text_of(node), node)


def texts_in(source: str, *, is_page: bool = False) -> list[ast.expr]:
    return _Finder(source, is_page=is_page).unmarked()


def text_of(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return str(node.value) if isinstance(node, ast.Constant) else ""


def is_text(text: str) -> bool:
    """Words of a language, not a code, a URL or HTML only."""
    words = [word for word in WORD.findall(HTML.sub(" ", text.replace("{}", " "))) if word not in BRANDS]
    return bool(words) and not CODE.match(HTML.sub("", text))


class _Finder:
    def __init__(self, source: str, *, is_page: bool = False) -> None:
        self._is_page = is_page
        self.nodes: dict[int, ast.expr] = {}
        self._tree = ast.parse(source)
        self._parents = {
            child: parent for parent in ast.walk(self._tree) for child in ast.iter_child_nodes(parent)
        }

    def unmarked(self) -> list[ast.expr]:
        self._named = {
            _name(keyword.value)
            for node in ast.walk(self._tree)
            if isinstance(node, ast.Call)
            for keyword in node.keywords
            if keyword.arg in SHOWN_BY_NAME
        } - {""}
        for node in ast.walk(self._tree):
            if self._is_page and isinstance(node, ast.FunctionDef):
                for statement in node.body:
                    self._page(statement)
            if self._is_page and isinstance(node, ast.Module):
                for statement in node.body:
                    if isinstance(getattr(statement, "value", None), ast.Dict):
                        for value in statement.value.values:
                            self._page(value)
                    elif not isinstance(statement, ast.ClassDef | ast.FunctionDef):
                        self._page(statement)
            if isinstance(node, ast.Call):
                self._call(node)
            elif isinstance(node, ast.ClassDef):
                self._class(node)
            elif isinstance(node, ast.FunctionDef) and self._is_shown(node):
                for statement in node.body:
                    self._results(statement)
        return sorted(self.nodes.values(), key=lambda node: (node.lineno, node.col_offset))

    def _call(self, call: ast.Call) -> None:
        name = _name(call.func)
        if name in NOT_SHOWN_CALLS:
            return
        for keyword in call.keywords:
            if keyword.arg in SHOWN_NAMES:
                self._literals(keyword.value)
        if name in ("error", "info", "success", "warning") and not _is_of(call.func, "messages"):
            return
        for index in SHOWN_ARGUMENTS.get(name, ()):
            if index < len(call.args):
                self._literals(call.args[index])

    def _class(self, declared: ast.ClassDef) -> None:
        choices = any(_name(base) in ("TextChoices", "IntegerChoices") for base in declared.bases)
        for statement in declared.body:
            value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
            targets = getattr(statement, "targets", [getattr(statement, "target", None)])
            names = {_name(target) for target in targets}
            if value is None:
                continue
            if choices and isinstance(value, ast.Tuple):
                self._literals(value.elts[-1])
            elif names & SHOWN_NAMES:
                self._literals(value)
            elif "fieldsets" in names and isinstance(value, ast.Tuple):
                for fieldset in value.elts:
                    if isinstance(fieldset, ast.Tuple):
                        self._literals(fieldset.elts[0])

    def _is_shown(self, function: ast.FunctionDef) -> bool:
        decorators = {
            _name(decorator.func if isinstance(decorator, ast.Call) else decorator)
            for decorator in function.decorator_list
        }
        returns = ast.unparse(function.returns) if function.returns else ""
        return (
            function.name in SHOWN_RESULTS
            or function.name in self._named
            or "display" in decorators
            or "Facts" in returns
        )

    def _page(self, node: ast.AST) -> None:
        """Sentences and headings anywhere in a function of a page."""
        if isinstance(node, ast.Call) and (_name(node.func) in NOT_SHOWN_CALLS or _is_of(node.func, "log")):
            return
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if (isinstance(key, ast.Constant) and key.value in PAGE_KEYS) or not isinstance(
                    value, ast.Constant | ast.JoinedStr
                ):
                    self._page(value)
            return
        if isinstance(node, ast.Constant | ast.JoinedStr):
            text = text_of(node)
            if SENTENCE.search(HTML.sub("", text)) and not text.startswith(("SELECT", "attachment")):
                self._literals(node)
            return
        if isinstance(node, ast.Subscript | ast.Compare | ast.FunctionDef):
            return
        if isinstance(node, ast.keyword) and node.arg in NOT_SHOWN_NAMES:
            return
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return
        for child in ast.iter_child_nodes(node):
            self._page(child)

    def _results(self, statement: ast.AST) -> None:
        """Texts in the statements of a function; not those of nested calls that show nothing."""
        for child in ast.iter_child_nodes(statement):
            if isinstance(child, ast.Call) and (
                _name(child.func) in NOT_SHOWN_CALLS or _is_of(child.func, "log")
            ):
                continue
            if isinstance(child, ast.Subscript | ast.Compare | ast.Dict) or (
                isinstance(child, ast.keyword) and child.arg in NOT_SHOWN_NAMES
            ):
                continue
            if isinstance(child, ast.Constant | ast.JoinedStr):
                if not (isinstance(statement, ast.Expr)):
                    self._literals(child)
                if isinstance(child, ast.Constant):
                    continue
                continue
            self._results(child)

    def _literals(self, value: ast.expr) -> None:
        """The literals of a value: itself, or those of a list, a tuple or a choice between two."""
        if isinstance(value, ast.Constant | ast.JoinedStr):
            if not (isinstance(value, ast.Constant) and not isinstance(value.value, str)) and is_text(
                text_of(value)
            ):
                self.nodes[id(value)] = value
        elif isinstance(value, ast.Tuple | ast.List):
            for element in value.elts:
                self._literals(element)
        elif isinstance(value, ast.IfExp):
            self._literals(value.body)
            self._literals(value.orelse)
        elif isinstance(value, ast.BoolOp):
            for operand in value.values:
                self._literals(operand)
        elif isinstance(value, ast.BinOp):
            self._literals(value.left)
            self._literals(value.right)
        elif isinstance(value, ast.Lambda):
            self._literals(value.body)


def _name(node: ast.expr | None) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _is_of(function: ast.expr, module: str) -> bool:
    return isinstance(function, ast.Attribute) and _name(function.value) == module
