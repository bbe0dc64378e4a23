"""Search by Ctrl+K: pages and rows that the user may view, a few of each kind, of the current tenant only."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.dataclasses import SearchResult

from apps.kernel.errors import Refusal
from apps.kernel.notation import parse_whole_number
from apps.kernel.search import words_of
from apps.kernel.tenant import current_tenant

from . import hooks, visibility
from .errors import PageUnknown

MAX_HITS_PER_KIND = 8
HITS_PER_PAGE = 100


def term_of(request: HttpRequest) -> str:
    """In the normal form of stored texts. Empty if it contains a character that no text may contain, or is too long."""
    try:
        return " ".join(words_of(request.GET.get("s", ""))).lower()
    except Refusal:
        return ""


def page_number(text: str) -> int:
    """Raises PageUnknown."""
    try:
        return parse_whole_number(text, lowest=1)
    except Refusal as refusal:
        raise PageUnknown(page=text[:40]) from refusal


def page_of(request: HttpRequest, hits: Sequence[SearchResult], *, extended: bool) -> TemplateResponse:
    """The page of Unfold's own search, which caches hits for five minutes, beyond the permission to see them."""
    hits_shown = Paginator(hits, HITS_PER_PAGE).get_page(page_number(request.GET.get("page", "1")))
    return TemplateResponse(
        request,
        f"unfold/helpers/{'command' if extended else 'search'}_results.html",
        {
            "page_obj": hits_shown.paginator,
            "results": hits_shown,
            "page_counter": max(hits_shown.start_index() - 1, 0),
            "command_show_history": False,
        },
        headers={"HX-Trigger": "search"},
    )


def search(request: HttpRequest, term: str) -> list[SearchResult]:
    plane: hooks.Plane = "tenant" if current_tenant() else "operator"
    return [
        *_pages(request, plane, term),
        *(
            SearchResult(str(hit.title), hit.description, hit.link, hit.icon)
            for search in hooks.searches(plane)
            if visibility.may(request, search)
            for hit in _hits(request, search, term)[:MAX_HITS_PER_KIND]
        ),
    ]


def _hits(request: HttpRequest, part: hooks.Search | hooks.RowSearch, term: str) -> Sequence[hooks.SearchHit]:
    if isinstance(part, hooks.Search):
        return part.find(term)
    may = partial(visibility.permits, request)
    rows = part.search.exact_first(part.search.rows(part.rows(), term, may), term)
    return part.hits(list(rows[:MAX_HITS_PER_KIND]), may)


def _pages(request: HttpRequest, plane: hooks.Plane, term: str) -> list[SearchResult]:
    return [
        SearchResult(str(page.title), str(page.group), reverse(f"admin:{page.name}"), page.icon)
        for page in hooks.pages(plane)
        if page.group and term in str(page.title).lower() and visibility.may(request, page)
    ]
