"""The context processor of the page shell: menu, theme, acting banner, zone.

Adds ``shell`` to every template: ``shell.nav`` (list of NavItem), ``shell.theme`` (light, dark or
auto), ``shell.acting`` (names of the customers switched through, the effective last, or empty),
``shell.zone`` (name of the zone in which times are shown), ``shell.actor`` (or None),
``shell.searches`` (whether there is anything that the search in the top bar could find).
"""

from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest

from softswitch.core import nav


def shell(request: HttpRequest) -> dict[str, Any]:
    """What base.html needs on every page; nothing but a light theme for strangers."""
    actor = getattr(request, "actor", None)
    if actor is None:
        return {"shell": {"nav": [], "theme": "auto", "acting": [], "zone": "", "actor": None}}
    match = request.resolver_match
    declared = cast("tuple[nav.Declared, ...]", settings.NAVIGATION)
    passed = [actor.names[pk] for pk in actor.stack[:-1] if pk in actor.names]
    return {
        "shell": {
            "nav": nav.build(actor, match.view_name if match else "", declared),
            "theme": actor.user.theme or "auto",
            "acting": [*passed, str(actor.customer)] if len(actor.stack) > 1 else [],
            "zone": actor.timezone,
            "actor": actor,
            "searches": any(actor.can(right) for right in settings.SEARCH_RIGHTS),
        }
    }
