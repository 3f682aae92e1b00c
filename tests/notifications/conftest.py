"""A world whose shop can be written to, and a letter to it that waits in the outbox."""

from typing import Any

import pytest

from customers.models import Customer, User
from notifications.models import Message
from notifications.services.letters import send_set_password
from softswitch.celery import app
from tests.world import World, build_world


def with_addresses(world: World) -> World:
    """Give the sub-reseller, the shop and their logins e-mail addresses."""
    for customer, address in (
        (world.sub_reseller, "desk@sub.example"),
        (world.shop, "shop@x.example"),
    ):
        Customer.objects.filter(pk=customer.pk).update(main_email=address)
        customer.refresh_from_db()
    User.objects.filter(login="shop").update(email="ann@shop.example")
    User.objects.filter(login="sub-reseller").update(email="sam@sub.example")
    return world


def letter_of(world: World) -> Message:
    """A set-password letter of the sub-reseller to the shop's login."""
    return send_set_password(actor=world.actor("sub_reseller"), user=world.user("shop"))


@pytest.fixture
def addressed(world: World) -> World:
    """The test world with addresses."""
    return with_addresses(world)


@pytest.fixture
def letter(addressed: World) -> Message:
    """A set-password letter that waits."""
    return letter_of(addressed)


@pytest.fixture
def stored_letter(transactional_db: None) -> Message:
    """The same, committed, so that other connections and a worker see it; nothing was enqueued."""
    return letter_of(with_addresses(build_world()))


@pytest.fixture
def eager_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is enqueued runs at once in this process, when its transaction commits."""

    app.loader.import_default_modules()

    def run(name: str, kwargs: dict[str, Any], **_options: Any) -> None:
        app.tasks[name](**kwargs)

    monkeypatch.setattr(app, "send_task", run)


def link_in(mail: Any) -> str:
    """The set-password link in the text of a received mail."""
    text = mail.get_body(("plain",)).get_content()
    links = [line for line in text.splitlines() if "/password/" in line]
    assert len(links) == 1
    return str(links[0]).rpartition(" ")[2]
