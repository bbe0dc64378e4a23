"""The declaration of what is searched in the rows of a model, and the search."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.contrib.admin.utils import get_fields_from_path
from django.db.models import Case, Model, Q, QuerySet, When

from .folding import contains
from .words import words_of

Row = TypeVar("Row", bound=Model)
May = Callable[[str], bool]
"""Whether the user has a permission: `user.has_perm`."""


@dataclass(frozen=True)
class Request:
    """One word, which is searched for one user in one database."""

    word: str
    may: May
    database: str


Branch = Callable[[Request], Q | None]
"""The rows that a word matches in one way, or None if it can match none."""


@dataclass(frozen=True)
class Numbers:
    """The numbers of rows: those that begin with a word, and the one that a word is."""

    beginning: Branch
    exact: Callable[[str], Q | None]


@dataclass(frozen=True, kw_only=True)
class Search:
    """What is searched in the rows of a model.

    numbers   the numbers of the rows
    texts     columns of the row. Those of another model, with its name before, only with the permission to view that
    branches  other ways to match
    """

    numbers: Numbers | None = None
    texts: Sequence[str] = ()
    branches: Sequence[Branch] = ()

    def rows(self, queryset: QuerySet[Row], term: str, may: May) -> QuerySet[Row]:
        """The rows of which every word of the term matches something.

        Raises SearchTooLong, CharacterNotAllowed.
        """
        for word in words_of(term):
            queryset = self._matching(queryset, Request(word, may, queryset.db))
        return queryset

    def exact_first(self, queryset: QuerySet[Row], term: str) -> QuerySet[Row]:
        """In the order of the query, after the row of which a word is the whole number."""
        exact = [way for word in words_of(term) if self.numbers and (way := self.numbers.exact(word))]
        if not exact:
            return queryset
        is_other = Case(When(Q(*exact, _connector=Q.OR), then=0), default=1)
        return queryset.order_by(is_other, *queryset.query.order_by)

    def _matching(self, queryset: QuerySet[Row], request: Request) -> QuerySet[Row]:
        """Each way has a query of its own and so its own index: for an OR of them PostgreSQL reads the whole table. The
        only way of a list of texts needs none, and its words use the index together."""
        ways = [*self._ways(queryset.model, request)]
        if self._has_own_texts_only():
            return queryset.filter(*ways)
        everything = queryset.model._base_manager.using(request.database).order_by()
        matching = [everything.filter(way).values("pk") for way in ways]
        if not matching:
            return queryset.none()
        return queryset.filter(
            pk__in=matching[0].union(*matching[1:], all=True) if matching[1:] else matching[0]
        )

    def _has_own_texts_only(self) -> bool:
        is_own = bool(self.texts) and not any("__" in path for path in self.texts)
        return is_own and self.numbers is None and not self.branches

    def _ways(self, model: type[Model], request: Request) -> Iterator[Q]:
        own = tuple(path for path in self.texts if "__" not in path)
        if own:
            yield contains(model, own, request.word)
        for path in self.texts:
            if "__" in path and request.may(view_permission(_owner(model, path))):
                yield contains(model, (path,), request.word)
        for branch in (*((self.numbers.beginning,) if self.numbers else ()), *self.branches):
            if (way := branch(request)) is not None:
                yield way


def view_permission(model: type[Model]) -> str:
    return f"{model._meta.app_label}.view_{model._meta.model_name}"


def _owner(model: type[Model], path: str) -> type[Any]:
    """The model of the last column."""
    return get_fields_from_path(model, path)[-1].model
