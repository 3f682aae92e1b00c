"""The pages of webhooks and of their log."""

import re
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from customers.choices import Role
from customers.models import User
from customers.permissions import DELEGATED
from customers.services.permissions import set_rights
from notifications.models import Webhook, WebhookDelivery
from notifications.services.webhook_delivery import deliver
from softswitch.core.embedded.process import LOOPBACK
from softswitch.core.sealing import unseal
from tests.notifications.hooks import hook_of, paid, told
from tests.plugins.hooks import Receiver
from tests.sql import count_queries
from tests.world import World, actor_of

LIST, LOG = "notifications:webhook_list", "notifications:delivery_list"


def as_user(world: World, who: str = "sub_reseller", role: str = "") -> Client:
    user = world.user(who)
    if role:
        user.role = role
        user.save()
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def text_of(answer: Any) -> str:
    body = b"".join(answer) if answer.streaming else answer.content
    return str(body.decode())


def page(name: str, row: Any) -> str:
    return reverse(f"notifications:{name}", args=[row.pk])


def form(receiver: Receiver, **changes: Any) -> dict[str, Any]:
    given = {
        "name": "Ledger",
        "url": receiver.url(),
        "is_active": "on",
        "events": ["payment", "invoice"],
    }
    return given | changes


def test_a_new_webhook_shows_its_secret_once(world: World, receiver: Receiver) -> None:
    client = as_user(world)
    answer = client.post(reverse("notifications:webhook_create"), form(receiver), follow=True)
    webhook = Webhook.objects.get()
    secret = unseal(webhook.secret)
    shown = text_of(answer)
    assert secret in shown
    assert "Payment received" in shown
    assert secret not in text_of(client.get(page("webhook_detail", webhook)))
    assert webhook.events == ["payment", "invoice"]
    assert "Ledger" in text_of(client.get(reverse(LIST)))


def test_what_is_wrong_stands_at_its_field(world: World, receiver: Receiver) -> None:
    client = as_user(world)
    url = reverse("notifications:webhook_create")
    answer = client.post(url, form(receiver, url="http://192.168.1.1/hook"))
    assert answer.status_code == 422
    assert "or leads to an address that the portal does not connect to" in text_of(answer)
    answer = client.post(url, form(receiver, events=[]))
    assert answer.status_code == 422
    assert not Webhook.objects.exists()


def test_it_is_changed_and_archived(world: World, receiver: Receiver) -> None:
    client = as_user(world)
    webhook, _secret = hook_of(world, receiver)
    assert receiver.url() in text_of(client.get(page("webhook_edit", webhook)))
    changes = form(receiver, name="Books", events=["rates"], is_active="")
    client.post(page("webhook_edit", webhook), changes)
    webhook.refresh_from_db()
    assert (webhook.name, webhook.events, webhook.is_active) == ("Books", ["rates"], False)
    assert "Archive Books" in text_of(client.get(page("webhook_archive", webhook)))
    client.post(page("webhook_archive", webhook))
    assert client.get(page("webhook_detail", webhook)).status_code == 404
    assert "Books" not in text_of(client.get(reverse(LIST)))


def test_the_form_offers_what_its_user_may_be_told(world: World, receiver: Receiver) -> None:
    webhook, _secret = hook_of(world, receiver, who="shop", events=["payment"])
    rights = actor_of(world.shop).rights & DELEGATED - {"balance.view", "cdrs.view"}
    set_rights(actor=world.actor("sub_reseller"), customer=world.shop, rights=rights)
    client = as_user(world, "shop")
    new = text_of(client.get(reverse("notifications:webhook_create")))
    assert 'value="rates"' in new
    assert 'value="payment"' not in new
    asked = text_of(client.get(page("webhook_edit", webhook)))
    assert 'value="payment"' in asked
    assert 'value="daily_cdrs"' not in asked


def test_a_new_secret_is_shown_once(world: World, receiver: Receiver) -> None:
    client = as_user(world)
    webhook, old = hook_of(world, receiver)
    assert "both secrets for a day" in text_of(client.get(page("webhook_secret", webhook)))
    shown = text_of(client.post(page("webhook_secret", webhook), follow=True))
    (new,) = re.findall(r"whsec_[\w-]+", shown)
    webhook.refresh_from_db()
    assert unseal(webhook.secret) == new != old
    assert new not in text_of(client.get(page("webhook_detail", webhook)))


def test_a_test_event_leads_to_what_became_of_it(world: World, receiver: Receiver) -> None:
    client = as_user(world)
    webhook, _secret = hook_of(world, receiver)
    answer = client.post(page("webhook_test", webhook))
    delivery = WebhookDelivery.objects.get()
    assert answer["Location"] == page("delivery_detail", delivery)
    receiver.text = "<b>taken</b>"
    deliver(delivery_id=delivery.pk)
    shown = text_of(client.get(answer["Location"]))
    assert "&lt;b&gt;taken" in shown
    assert str(delivery.event_id) in shown
    Webhook.objects.update(is_active=False)
    answer = client.post(page("webhook_test", webhook), follow=True)
    assert "Switch the webhook on first" in text_of(answer)


def test_the_log_tells_the_answer_and_sends_again(world: World, receiver: Receiver) -> None:
    client = as_user(world)
    _webhook, delivery, _secret = told(world, receiver)
    receiver.decide, receiver.text = (lambda _number: 503), "come back later"
    deliver(delivery_id=delivery.pk)
    shown = text_of(client.get(page("delivery_detail", delivery)))
    assert "come back later" in shown
    assert "The answer was 503." in shown
    assert page("delivery_resend", delivery) in shown
    answer = client.post(page("delivery_resend", delivery), follow=True)
    assert "queued again" in text_of(answer)
    receiver.decide = lambda _number: 200
    deliver(delivery_id=delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("delivered", 1)


def test_the_log_is_read_in_the_readers_language(world: World, receiver: Receiver) -> None:
    client = as_user(world)
    User.objects.filter(login="sub-reseller").update(language="es")
    _webhook, delivery, _secret = told(world, receiver)
    receiver.decide, receiver.text = (lambda _number: 503), "come back later"
    with override("ar"):  # whatever the worker speaks
        deliver(delivery_id=delivery.pk)
    shown = text_of(client.get(page("delivery_detail", delivery)))
    assert "La respuesta fue 503." in shown
    assert "come back later" in shown
    assert ">Enviado<" in shown
    assert "Contabilizado" not in shown
    receiver.decide = lambda _number: 200
    delivery.refresh_from_db()
    assert delivery.last_error == "The answer was 503."


def test_the_log_is_narrowed_and_exported(world: World, receiver: Receiver) -> None:
    client = as_user(world)
    webhook, delivery, _secret = told(world, receiver)
    other, _secret = hook_of(world, receiver, name="Other")
    detail = page("delivery_detail", delivery)
    assert detail in text_of(client.get(reverse(LOG), {"webhook": webhook.pk}))
    assert detail not in text_of(client.get(reverse(LOG), {"webhook": other.pk}))
    assert detail not in text_of(client.get(reverse(LOG), {"status": "failed"}))
    exported = text_of(client.get(reverse(LOG), {"export": "csv"}))
    assert "Ledger" in exported
    assert "Payment received" in exported


@pytest.mark.parametrize("role", [Role.BILLING, Role.REPORTER, Role.NOC, Role.READ_ONLY])
def test_only_administrators_open_the_pages(world: World, receiver: Receiver, role: str) -> None:
    webhook, delivery, _secret = told(world, receiver)
    client = as_user(world, role=role)
    for url in (reverse(LIST), reverse(LOG), page("webhook_detail", webhook)):
        assert client.get(url).status_code == 403
    assert client.post(page("delivery_resend", delivery)).status_code == 403


def test_whoever_is_switched_reads_and_changes_nothing(world: World, receiver: Receiver) -> None:
    webhook, delivery, _secret = told(world, receiver, url=receiver.url("/t0ken?key=t0ken"))
    client = as_user(world, "reseller")
    client.post(reverse("customers:switch_to", args=[world.sub_reseller.pk]))
    urls = [page("webhook_detail", webhook), page("delivery_detail", delivery), reverse(LIST)]
    for url in (*urls, f"{reverse(LIST)}?export=csv"):
        shown = text_of(client.get(url))
        assert LOOPBACK in shown
        assert "t0ken" not in shown
    assert "t0ken" in text_of(as_user(world).get(reverse(LIST)))
    shown = text_of(client.get(urls[0]))
    for name in ("webhook_edit", "webhook_secret", "webhook_archive", "webhook_test"):
        assert page(name, webhook) not in shown
        assert client.post(page(name, webhook)).status_code == 403
    assert client.get(reverse("notifications:webhook_create")).status_code == 403
    assert page("delivery_resend", delivery) not in text_of(client.get(reverse(LOG)))
    assert client.post(page("delivery_resend", delivery)).status_code == 403


def test_more_rows_cost_no_more_statements(world: World, receiver: Receiver) -> None:
    client = as_user(world)
    for url in (reverse(LIST), reverse(LOG)):
        read = partial(client.get, url)
        hook_of(world, receiver)
        paid(world)
        read()
        few = count_queries(read)
        for _ in range(4):
            hook_of(world, receiver)
            paid(world)
        assert count_queries(read) == few
