"""What others plug into the consoles: pages, dashboard parts and palette searches. Each names its permission."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.http import HttpRequest, HttpResponseBase

from apps.modules import registry

Plane = Literal["operator", "tenant"]
PLANES: tuple[Plane, ...] = ("operator", "tenant")


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page of our own at `path`, reversed as `admin:<name>`. In the menu under `group` unless that is empty."""

    path: str
    name: str
    title: str
    permission: str
    view: Callable[..., HttpResponseBase]
    group: str = ""
    icon: str = ""


@dataclass(frozen=True)
class Reading:
    """A number as it is read and a few words under it, where one look gives both."""

    value: str
    note: str


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number on the dashboard: `value()` as it is read, `note()` a few words under it, `link` a URL name."""

    title: str
    permission: str
    icon: str
    value: Callable[[], str | Reading]
    note: Callable[[], str] = str
    link: str = ""


@dataclass(frozen=True)
class Series:
    """One line of a chart, with a CSS colour variable."""

    name: str
    values: Sequence[str]
    colour: str


@dataclass(frozen=True)
class Plot:
    """What a chart shows: `unit` says what the values are in."""

    labels: Sequence[str]
    series: Sequence[Series]
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart on the dashboard; its values stand in a table below it as well."""

    title: str
    permission: str
    plot: Callable[[], Plot]
    kind: Literal["bar", "line"] = "bar"


@dataclass(frozen=True, kw_only=True)
class Table:
    """A short list on the dashboard. A cell is text, or (text, link)."""

    title: str
    permission: str
    headers: Sequence[str]
    rows: Callable[[], Sequence[Sequence[Any]]]
    empty: str
    link: str = ""


@dataclass(frozen=True)
class SearchHit:
    """Something the palette found."""

    title: str
    description: str
    link: str
    icon: str = "data_object"


@dataclass(frozen=True, kw_only=True)
class Search:
    """What the palette asks. `find(term)` answers a few of the tenant's own."""

    permission: str
    find: Callable[[str], Sequence[SearchHit]]


@dataclass(frozen=True, kw_only=True)
class MenuItem:
    """A registered model's list in the menu, under `group`."""

    group: str
    title: str
    icon: str
    url: str
    permission: str


@dataclass(frozen=True, kw_only=True)
class RowLink:
    """A button on the page of each row of `model` ("tenancy.tenant") for which `when` says so. It leads to `page`,
    given the row's id."""

    model: str
    title: str
    icon: str
    page: str
    permission: str
    when: Callable[[Any], bool] = bool


Part = Page | Figure | Chart | Table | Search | MenuItem | RowLink
_parts: dict[Plane, list[Part]] = {plane: [] for plane in PLANES}


def plug(plane: Plane, *parts: Part) -> None:
    """Registers parts for one console, in an app's admin.py."""
    _parts[plane].extend(parts)


def pages(plane: Plane) -> list[Page]:
    return [part for part in _parts[plane] if isinstance(part, Page)]


def figures(plane: Plane) -> list[Figure]:
    return [part for part in _parts[plane] if isinstance(part, Figure)]


def charts(plane: Plane) -> list[Chart]:
    return [part for part in _parts[plane] if isinstance(part, Chart)]


def tables(plane: Plane) -> list[Table]:
    return [part for part in _parts[plane] if isinstance(part, Table)]


def searches(plane: Plane) -> list[Search]:
    return [part for part in _parts[plane] if isinstance(part, Search)]


def menu(plane: Plane) -> list[Page | MenuItem]:
    return [
        part
        for part in _parts[plane]
        if isinstance(part, MenuItem) or (isinstance(part, Page) and part.group)
    ]


def row_links(plane: Plane, model: str) -> list[RowLink]:
    return [part for part in _parts[plane] if isinstance(part, RowLink) and part.model == model]


def app_of(part: Part) -> str:
    """The app to which it belongs is that of its permission."""
    return part.permission.partition(".")[0]


def may(request: HttpRequest, part: Part) -> bool:
    """Nobody, in a module that is not open here."""
    user = request.user
    return bool(user.is_authenticated and user.has_perm(part.permission) and not registry.shut(app_of(part)))
