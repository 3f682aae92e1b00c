"""A program that uses the API with a token, for tests."""

import json
from typing import Any

from django.test import Client

from customers.permissions import SCOPES
from customers.services.tokens import create_token
from tests.world import World


class Api:
    """A program with a token of the administrator of ``who``; without scopes it has all."""

    def __init__(self, world: World, who: str, *scopes: str) -> None:
        wanted = scopes or tuple(SCOPES)
        self.token, self.text = create_token(actor=world.actor(who), name="test", scopes=wanted)
        self.client = Client(enforce_csrf_checks=True)
        self.scheme = "Bearer"

    def __call__(self, method: str, path: str, body: Any = None, *, key: str = "") -> Any:
        """Status and answer of a request; ``path`` after /api/v1."""
        headers = {"Authorization": f"{self.scheme} {self.text}"}
        if key:
            headers["Idempotency-Key"] = key
        data = "" if body is None else json.dumps(body)
        response = self.client.generic(
            method, f"/api/v1{path}", data, content_type="application/json", headers=headers
        )
        return response.status_code, response.json() if response.content else None
