"""Walks the wizard as a browser does: opens a step, changes fields, presses a button."""

from typing import Any

from django.test import Client
from django.urls import reverse

from customers.forms.steps import SLUGS, sent_by
from tests.world import World

BASIC = {"name": "Calder Voice", "main_email": "office@calder.example"}


def signed_in(world: World, who: str) -> Client:
    """Somebody's signed-in browser."""
    client = Client()
    client.force_login(world.user(who), backend="django.contrib.auth.backends.ModelBackend")
    return client


def step(slug: str) -> str:
    """The address of a step."""
    return reverse(f"customers:wizard_{slug}")


def sent(client: Client, slug: str, **changes: Any) -> dict[str, Any]:
    """What the step's page would send after ``changes``."""
    page = client.get(step(slug))
    assert page.status_code == 200, page.status_code
    shown = dict(sent_by(page.context["form"]))
    return {**shown, "draft": page.context["draft"].key, **changes}


def press(client: Client, slug: str, go: str = "next", **changes: Any) -> Any:
    """Open a step, change fields, press the button ``go``."""
    return client.post(step(slug), {**sent(client, slug, **changes), "go": go})


def fill_in(client: Client, steps: dict[str, dict[str, Any]] | None = None) -> None:
    """Go through all steps by Next, with ``steps`` changed, and end on the last one."""
    changes = {"basic": BASIC, **(steps or {})}
    for slug in SLUGS[:-1]:
        answer = press(client, slug, **changes.get(slug, {}))
        assert answer.status_code == 302, answer.context["form"].errors


def submit(client: Client, **changes: Any) -> Any:
    """Press Submit on the last step."""
    return press(client, SLUGS[-1], "submit", **changes)
