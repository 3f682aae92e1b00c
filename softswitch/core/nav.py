"""The main menu: what settings.NAVIGATION declares, narrowed to what the actor may open.

An entry of the setting is ``(label, url_name, icon, right, children)``: ``right`` None is for
everybody, ``icon`` a Heroicon, ``children`` a tuple of entries. A group has no URL of its own ("").
An unknown URL name raises NoReverseMatch, so a menu cannot hold a dead link. An entry also goes
where its page says so (views.AccessMixin.is_listed_to), so a menu leads to no 403 and no 404.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.conf import settings
from django.urls import resolve, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext

from softswitch.core.actors import ActorLike
from softswitch.core.chrome import Tab

Declared = tuple[str | Promise, str, str, str | None, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class NavItem:
    """One line of the menu, ready to show; ``current`` is the value of ``aria-current``."""

    label: str | Promise
    url: str
    icon: str
    current: str = ""
    children: list["NavItem"] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether the shown page is in this group."""
        return any(child.current for child in self.children)


def build(actor: ActorLike, view_name: str, declared: Sequence[Declared]) -> list[NavItem]:
    """The menu of ``actor``; ``view_name`` is the resolved name of the shown page."""
    current = _current(view_name, declared)
    return _items(actor, current, exact=current == view_name, declared=declared)


def tabs(
    actor: ActorLike,
    view_name: str,
    declared: Sequence[Declared],
    groups: Sequence[Sequence[str]],
) -> list[Tab]:
    """The pages of the menu beside ``view_name``, in its group of URL names; none alone."""
    group = next((names for names in groups if view_name in names), ())
    entries = {entry[1]: entry for top in declared for entry in (top, *top[4])}
    found = [
        Tab(gettext(str(label)), reverse(name), name == view_name)
        for label, name, _icon, right, _children in (entries[n] for n in group if n in entries)
        if _is_shown(actor, name, right)
    ]
    return found if len(found) > 1 else []


def _current(view_name: str, declared: Sequence[Declared]) -> str:
    """The declared URL name nearest to the page: itself, its record's list, or its app's first."""
    names = [name for _, name, _, _, children in declared for name in _names(name, children)]
    if view_name in names:
        return view_name
    stems = [name for name in names if view_name.startswith(_stem(name) + "_")]
    space = view_name.partition(":")[0] + ":"
    of_the_app = next((name for name in names if name.startswith(space)), "")
    return max(
        stems, key=lambda name: (len(_stem(name)), name.endswith("_list")), default=of_the_app
    )


def _names(name: str, children: tuple[Declared, ...]) -> list[str]:
    return [*([name] if name else []), *(child[1] for child in children)]


def _stem(name: str) -> str:
    return name.removesuffix("_list")


def _items(
    actor: ActorLike, current: str, *, exact: bool, declared: Sequence[Declared]
) -> list[NavItem]:
    items = []
    for label, name, icon, right, children in declared:
        if not _is_shown(actor, name, right):
            continue
        below = _items(actor, current, exact=exact, declared=children)
        if not name and not below:
            continue
        here = ("page" if exact else "true") if name and name == current else ""
        items.append(NavItem(gettext(str(label)), reverse(name) if name else "", icon, here, below))
    return items


def _is_shown(actor: ActorLike, name: str, right: str | None) -> bool:
    if right is not None and not actor.can(right):
        return False
    is_listed = _door(name, settings.ROOT_URLCONF) if name else None
    return is_listed is None or is_listed(actor)


@cache
def _door(name: str, _urlconf: str) -> Callable[[ActorLike], bool] | None:
    """What the page behind ``name`` says of whose menu it is in; None for one that does not."""
    view = getattr(resolve(reverse(name)).func, "view_class", None)
    return getattr(view, "is_listed_to", None)
