"""Clients that are signed in, for the tests of the pages of accounts, cards, trunks and hosts."""

from django.test import Client

from tests.world import World

BACKEND = "django.contrib.auth.backends.ModelBackend"


def browser(world: World, who: str) -> Client:
    """A client signed in as the administrator of ``who``."""
    client = Client()
    client.force_login(world.user(who), backend=BACKEND)
    return client
