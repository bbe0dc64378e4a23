"""Search by Ctrl+K: pages and rows that the user may view, a few of each kind, of the current tenant only."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from unfold.dataclasses import SearchResult

from apps.kernel.tenant import current_tenant

from . import hooks

MAX_HITS_PER_KIND = 8


def search(request: HttpRequest, term: str) -> list[SearchResult]:
    plane: hooks.Plane = "tenant" if current_tenant() else "operator"
    return [
        *_pages(request, plane, term),
        *(
            SearchResult(str(hit.title), hit.description, hit.link, hit.icon)
            for search in hooks.searches(plane)
            if hooks.may(request, search)
            for hit in search.find(term)[:MAX_HITS_PER_KIND]
        ),
    ]


def _pages(request: HttpRequest, plane: hooks.Plane, term: str) -> list[SearchResult]:
    return [
        SearchResult(str(page.title), str(page.group), reverse(f"admin:{page.name}"), page.icon)
        for page in hooks.pages(plane)
        if page.group and term in str(page.title).lower() and hooks.may(request, page)
    ]
