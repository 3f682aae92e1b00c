"""What a page declares around its content: links, tabs, actions, bulk actions, badges.

All of them are plain data; rights are checked once, in softswitch.core.views.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Link:
    """One crumb above the page title."""

    label: Text
    url: str


@dataclass(frozen=True, slots=True)
class Tab:
    """One part of a record, or one state of a list; ``count`` is shown beside the label."""

    label: Text
    url: str
    is_current: bool = False
    count: int | str | None = None


@dataclass(frozen=True, slots=True)
class Badge:
    """A status with the tone in which it is shown; members of ToneChoices have the same shape."""

    label: Text
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """One key figure (components/tile.html); with ``url`` it leads to the list behind it."""

    label: Text
    value: Text
    unit: Text = ""
    note: Text = ""
    url: str = ""
    is_negative: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """A button of the page head. ``post`` makes it a form; ``right`` None is for everybody.

    At most one is ``primary``; those with ``more`` go into the menu behind the dots.
    """

    label: Text
    url: str
    icon: str = ""
    right: str | None = None
    post: bool = False
    primary: bool = False
    danger: bool = False
    more: bool = False


@dataclass(frozen=True, slots=True)
class RowAction:
    """An action on one row: ``url_name`` takes the row's pk, or its GET ``parameter`` does.

    The first two that are not ``more`` are icons, the rest go into the row's menu. ``shown`` says
    whether the row has it: ``shown(record, actor)``. With ``in_place`` what it leads to takes the
    place of the row (views.RowEditView).
    """

    label: Text
    url_name: str
    icon: str
    right: str | None = None
    post: bool = False
    danger: bool = False
    more: bool = False
    shown: Callable[[Any, Any], bool] | None = None
    in_place: bool = False
    parameter: str = ""


@dataclass(frozen=True, slots=True)
class BulkAction:
    """An action on the selected rows: ``service(actor=..., record=...)`` is called for each.

    What one row refuses by a DomainError is skipped and reported. ``confirm`` shows the rows first.
    ``form_class`` (a ScopedForm) asks more there; the service gets its cleaned data by name too.
    ``done`` is the word for it in the report, such as "closed".
    """

    name: str
    label: Text
    service: Callable[..., object]
    icon: str = ""
    right: str | None = None
    danger: bool = False
    confirm: bool = False
    form_class: Callable[..., Any] | None = None
    done: Text = ""


def permitted(items: Sequence[Any], actor: Any) -> list[Any]:
    """Those of ``items`` whose ``right`` is None or held by ``actor``."""
    return [item for item in items if item.right is None or actor.can(item.right)]
