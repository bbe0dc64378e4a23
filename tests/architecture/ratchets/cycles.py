"""Modules in import cycles. An import inside a function counts: it hides a cycle and does not remove it.

The count of an area is that of its modules in strongly connected components of more than one module. What a module
reaches by a dotted path in settings or through `import_string` is no import and not counted.
"""

import sys
from collections.abc import Callable, Collection, Iterable, Iterator

import grimp

from .sources import ROOT, Hit, Source

PACKAGES = ("apps", "config")


def hits(sources: Iterable[Source]) -> Iterator[Hit]:
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    files = {_module(source.path): source.path for source in sources if source.path.startswith(PACKAGES)}
    for cycle in components(sorted(graph.modules), graph.find_modules_directly_imported_by):
        between = pairs(cycle, graph.find_modules_directly_imported_by)
        for module in sorted(cycle):
            imported = sorted(cycle & graph.find_modules_directly_imported_by(module))
            details = graph.get_import_details(importer=module, imported=imported[0])
            line = details[0]["line_number"] if details else 1
            yield Hit(
                files[module], line, f"imports {imported[0]}, in a cycle of {len(cycle)} modules{between}"
            )


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def pairs(cycle: Collection[str], imported_by: Callable[[str], set[str]]) -> str:
    """Which packages import each other, or nothing when the cycle is within one."""
    crossings = {
        tuple(sorted((_package(module), _package(imported))))
        for module in cycle
        for imported in imported_by(module) & set(cycle)
        if _package(module) != _package(imported)
    }
    return f" between {', '.join(' and '.join(pair) for pair in sorted(crossings))}" if crossings else ""


def _package(module: str) -> str:
    return ".".join(module.split(".")[:2]) if module.startswith("apps.") else module.split(".")[0]


def components(modules: Iterable[str], imported_by: Callable[[str], set[str]]) -> Iterator[set[str]]:
    """The strongly connected components of more than one module, by Tarjan's algorithm without recursion."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_modules: list[str] = []
    for root in modules:
        if root in order:
            continue
        path = [(root, iter(sorted(imported_by(root))))]
        order[root] = lowest[root] = len(order)
        open_modules.append(root)
        while path:
            module, imports = path[-1]
            for imported in imports:
                if imported not in order:
                    order[imported] = lowest[imported] = len(order)
                    open_modules.append(imported)
                    path.append((imported, iter(sorted(imported_by(imported)))))
                    break
                if imported in open_modules:
                    lowest[module] = min(lowest[module], order[imported])
            else:
                path.pop()
                if path:
                    parent = path[-1][0]
                    lowest[parent] = min(lowest[parent], lowest[module])
                if lowest[module] == order[module]:
                    at = open_modules.index(module)
                    component, open_modules[at:] = set(open_modules[at:]), []
                    if len(component) > 1:
                        yield component
