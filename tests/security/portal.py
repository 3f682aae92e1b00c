"""Every page of the portal as a client of the test sees it."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Model
from django.test import Client
from django.urls import reverse

from customers.models import User
from tests.architecture.test_strangers import OPEN
from tests.architecture.urls import routes


def signed_in(user: User, **options: Any) -> Client:
    """A client with a session of ``user``."""
    client = Client(**options)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def addresses(samples: dict[type[Model], Any]) -> Iterator[tuple[str, str]]:
    """Name and path of every page for people, with the keys of the sampled rows."""
    for route in routes():
        if route.name in OPEN:
            continue
        if not route.parameters:
            yield route.name, reverse(route.name)
            continue
        model = getattr(route.view, "parent_model", None) or getattr(route.view, "model", None)
        row = samples[model]  # type: ignore[index]
        key = row.id if hasattr(row, "id") else row.pk
        yield route.name, reverse(route.name, kwargs=dict.fromkeys(route.parameters, key))


def text_of(answer: Any) -> str:
    """The whole body, of a streamed answer too."""
    body = b"".join(answer) if answer.streaming else answer.content
    return str(body.decode("utf-8", "replace"))
