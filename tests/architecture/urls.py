"""Every address of the project, as the resolver knows it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True)
class Route:
    """One address: its full name, its parameters and the view class behind it (if it is one)."""

    name: str
    parameters: tuple[str, ...]
    view: Any


def routes() -> list[Route]:
    """All named routes but those of the API, which has its own tests."""
    found = list(_walk(get_resolver().url_patterns, "", ()))
    return [route for route in found if not route.name.startswith("api")]


def _walk(patterns: Any, space: str, above: tuple[str, ...]) -> Iterator[Route]:
    for pattern in patterns:
        parameters = (*above, *pattern.pattern.converters)
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from _walk(pattern.url_patterns, inner, parameters)
        elif isinstance(pattern, URLPattern):
            view = getattr(pattern.callback, "view_class", None)
            yield Route(f"{space}{pattern.name or ''}", parameters, view)
