"""Parts that apps plug into the consoles: pages, parts of the dashboard, searches. Each names its permission.

A *plane* is one of the two consoles with its API: the operators' or a tenant's. The *palette* is the search by Ctrl+K.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.functional import Promise

from apps.kernel import search as searching
from apps.kernel.degradable import Degradable
from apps.kernel.features import DeclaredFlag
from apps.kernel.money import Money
from apps.modules import registry

Plane = Literal["operator", "tenant"]
PLANES: tuple[Plane, ...] = ("operator", "tenant")


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page at `path`, reversed as `admin:<name>`; in the menu under `group` unless that is empty.

    flag        while it is off, the page does not exist: it returns 404, and has no links
    degradable  while it is off, the page explains what to do instead
    """

    path: str
    name: str
    title: str | Promise
    permission: str
    view: Callable[..., HttpResponseBase]
    group: str | Promise = ""
    icon: str = ""
    flag: DeclaredFlag[bool] | None = None
    degradable: Degradable | None = None


@dataclass(frozen=True, kw_only=True)
class OwnPage:
    """A page about the user's own account, at `path`, reversed as `admin:<name>`, for every signed-in user and no
    support session; in the user's menu where `when(user)` is true."""

    path: str
    name: str
    title: str | Promise
    view: Callable[..., HttpResponseBase]
    when: Callable[[Any], bool] = bool


@dataclass(frozen=True)
class Reading:
    """The value of a figure, and the note below it.

    value  a number of rows, amounts (one per currency), or the text of a state
    parts  name, number and query of each, if one list does not contain all that is counted
    """

    value: int | tuple[Money, ...] | str | Promise
    note: str = ""
    parts: Sequence[tuple[str, int, str]] = ()

    def __str__(self) -> str:
        if isinstance(self.value, int):
            return f"{self.value:,}"
        if isinstance(self.value, tuple):
            return " · ".join(str(amount) for amount in self.value) or "0"
        return str(self.value)


FIRST, LATER = 10, 100
"""Ranks of figures: a tenant's first figures, and all others in the order of the apps."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure on the dashboard. It opens the list of what it counts: `link` is the name of its URL, and `query` the
    filter by which the list has the same rows and the same total (tests/console/test_figures.py compares them)."""

    title: str | Promise
    permission: str
    icon: str
    read: Callable[[], Reading]
    link: str
    query: str | Callable[[], str] = ""
    rank: int = LATER

    def address(self, query: str | None = None) -> str:
        """Of the list, with the figure's filter or another one."""
        own = self.query() if callable(self.query) else self.query
        return reverse(self.link) + (own if query is None else query)


@dataclass(frozen=True)
class Series:
    """One line of a chart, with a CSS colour variable."""

    name: str | Promise
    values: Sequence[str]
    colour: str


@dataclass(frozen=True)
class Plot:
    """The data of a chart: `unit` is that of the values."""

    labels: Sequence[str]
    series: Sequence[Series]
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart on the dashboard; a table below it shows the same values."""

    title: str | Promise
    permission: str
    plot: Callable[[], Plot]
    kind: Literal["bar", "line"] = "bar"


@dataclass(frozen=True, kw_only=True)
class Table:
    """A short list on the dashboard. A cell is text, or (text, link)."""

    title: str | Promise
    permission: str
    headers: Sequence[str | Promise]
    rows: Callable[[], Sequence[Sequence[Any]]]
    empty: str | Promise
    link: str = ""


@dataclass(frozen=True, kw_only=True)
class SetUpStep:
    """A step of the checklist on the dashboard, by which a new tenant is set up: `link` is the name of the page that
    does it, for users with the permission. The checklist disappears when a step that `ends` it is done, except for the
    steps that are `lasting`: they appear whenever they are not done, such as after an upgrade."""

    rank: int
    title: str | Promise
    permission: str
    is_done: Callable[[], bool]
    link: str
    ends: bool = False
    lasting: bool = False


@dataclass(frozen=True)
class SearchHit:
    """A row of the result of a palette search."""

    title: str | Promise
    description: str
    link: str
    icon: str = "data_object"


def described(*facts: object) -> str:
    """The facts of a hit that are not empty: its kind, customer, amount, state."""
    return " · ".join(text for fact in facts if (text := str(fact)))


@dataclass(frozen=True, kw_only=True)
class Search:
    """A search of the palette in what is no rows: `find(term)` returns a few hits."""

    permission: str
    find: Callable[[str], Sequence[SearchHit]]


@dataclass(frozen=True, kw_only=True)
class RowSearch:
    """A search of the palette in rows of the current tenant: `rows()` is the ordered query with what `hits` reads, and
    `hits(rows, may)` makes the hits of the first rows, with one more query at most."""

    permission: str
    search: searching.Search
    rows: Callable[[], QuerySet[Any]]
    hits: Callable[[Sequence[Any], searching.May], Sequence[SearchHit]]


@dataclass(frozen=True, kw_only=True)
class MenuItem:
    """A menu entry, under `group`, that opens the list of a registered model."""

    group: str | Promise
    title: str | Promise
    icon: str
    url: str
    permission: str


@dataclass(frozen=True, kw_only=True)
class RowLink:
    """A button on the page of a row of `model` ("tenancy.tenant") where `when(row)` is true. It opens `page` with the
    row's id."""

    model: str
    title: str | Promise
    icon: str
    page: str
    permission: str
    when: Callable[[Any], bool] = bool


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section below the page of a row of `model`. `context(request, row)` is that of its template; the template has
    `section` as well."""

    model: str
    title: str | Promise
    permission: str
    template: str
    context: Callable[[HttpRequest, Any], Mapping[str, Any]]


Part = Page | Figure | Chart | Table | SetUpStep | Search | RowSearch | MenuItem | RowLink | Section
_parts: dict[Plane, list[Part]] = {plane: [] for plane in PLANES}
_own_pages: list[OwnPage] = []


def plug(plane: Plane, *parts: Part) -> None:
    """Registers parts for one console. Apps call it in their `admin` module."""
    _parts[plane].extend(parts)


def plug_own(*pages: OwnPage) -> None:
    """Registers pages about the user's own account, for both consoles. Apps call it in their `admin` module."""
    _own_pages.extend(pages)


def own_pages() -> list[OwnPage]:
    return list(_own_pages)


def pages(plane: Plane) -> list[Page]:
    return [part for part in _parts[plane] if isinstance(part, Page)]


def figures(plane: Plane) -> list[Figure]:
    """By rank."""
    figures = [part for part in _parts[plane] if isinstance(part, Figure)]
    return sorted(figures, key=lambda figure: figure.rank)


def charts(plane: Plane) -> list[Chart]:
    return [part for part in _parts[plane] if isinstance(part, Chart)]


def tables(plane: Plane) -> list[Table]:
    return [part for part in _parts[plane] if isinstance(part, Table)]


def set_up_steps(plane: Plane) -> list[SetUpStep]:
    """By rank, of modules that are available."""
    steps = [part for part in _parts[plane] if isinstance(part, SetUpStep)]
    available = [step for step in steps if not registry.unavailable_module(app_of(step))]
    return sorted(available, key=lambda step: step.rank)


def searches(plane: Plane) -> list[Search | RowSearch]:
    return [part for part in _parts[plane] if isinstance(part, Search | RowSearch)]


def menu(plane: Plane) -> list[Page | MenuItem]:
    return [
        part
        for part in _parts[plane]
        if isinstance(part, MenuItem) or (isinstance(part, Page) and part.group)
    ]


def row_links(plane: Plane, *models: str) -> list[RowLink]:
    return [part for part in _parts[plane] if isinstance(part, RowLink) and part.model in models]


def sections(plane: Plane, model: str) -> list[Section]:
    return [part for part in _parts[plane] if isinstance(part, Section) and part.model == model]


def app_of(part: Part) -> str:
    """The app of a part is that of its permission."""
    return part.permission.partition(".")[0]
