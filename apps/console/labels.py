"""Columns of lists: their titles, and the colours of labels. Both are translated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from django.db.models.enums import Choices
from django.utils.functional import Promise
from unfold.decorators import display as unfold_display

Column = TypeVar("Column", bound=Callable[..., Any])


class Colours(dict[str, str]):
    """Looked up by the label in the active language.

    `Colours({Order.State.PAID: "success", _("Paused"): "warning"})`: choices stand for their labels.
    """

    def __init__(self, colours: Mapping[Any, str]) -> None:
        super().__init__()
        self._labels: list[tuple[str | Promise, str]] = [
            (key.label if isinstance(key, Choices) else key, colour) for key, colour in colours.items()
        ]

    def __len__(self) -> int:
        """Unfold shows no labels for an empty dictionary."""
        return len(self._labels)

    def __contains__(self, label: object) -> bool:
        return any(str(known) == label for known, _ in self._labels)

    def __getitem__(self, label: str) -> str:
        return next(colour for known, colour in self._labels if str(known) == label)


def display(
    *, description: str | Promise, ordering: str | None = None, label: Colours | bool | None = None
) -> Callable[[Column], Column]:
    """Unfold's decorator of a column, for a translated description, which its types do not know."""
    decorator = unfold_display(description=cast(str, description), ordering=ordering, label=label)
    return cast(Callable[[Column], Column], decorator)
