"""Posting events over real connections: what arrives, what is tried again, what never is."""

import json
import re
import socket
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils.timezone import now

from notifications.choices import DeliveryStatus
from notifications.models import Webhook, WebhookDelivery
from notifications.services import webhook_delivery
from notifications.services.webhook_delivery import (
    AT_ONCE,
    BACK_OFF,
    DIED,
    MOST_ATTEMPTS,
    OFF,
    deliver,
    signature,
    sweep,
)
from notifications.services.webhook_settings import (
    BOTH_SIGN,
    archive_webhook,
    edit_webhook,
    rotate_secret,
)
from notifications.services.webhooks import resend_event
from softswitch.core import outbound
from softswitch.core.embedded.process import free_port
from tests.core.test_outbound import leading_to
from tests.notifications.hooks import hook_of, paid, told
from tests.plugins.hooks import Receiver, Request
from tests.world import World

ROOT = Path(__file__).resolve().parents[2]
Genuine = Callable[[bytes, str, str], bool]


@pytest.fixture
def event(world: World, receiver: Receiver) -> WebhookDelivery:
    """An event that waits for the receiver."""
    return told(world, receiver)[1]


@pytest.fixture
def is_genuine() -> Genuine:
    """The check that docs/webhooks.md recommends, as it stands there."""
    text = (ROOT / "docs" / "webhooks.md").read_text()
    (source,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names: dict[str, Any] = {}
    exec(source, names)
    found: Genuine = names["is_genuine"]
    return found


def after(delivery: WebhookDelivery) -> WebhookDelivery:
    """The delivery after one attempt."""
    deliver(delivery_id=delivery.pk)
    delivery.refresh_from_db()
    return delivery


def let_time_pass(delivery: WebhookDelivery) -> None:
    """The lease ran out and the next attempt is due."""
    past = now() - timedelta(seconds=1)
    WebhookDelivery.objects.filter(pk=delivery.pk).update(lease_until=past, next_attempt_at=past)


def proofs(request: Request) -> list[str]:
    return re.findall(r"v1=([0-9a-f]{64})", request.headers["Softswitch-Signature"])


def test_an_event_arrives_with_its_names_and_a_proof(
    world: World, receiver: Receiver, is_genuine: Genuine
) -> None:
    _webhook, event, secret = told(world, receiver)
    assert after(event).status == DeliveryStatus.DELIVERED
    assert (event.http_status, event.answer, event.last_error) == (200, "thank you", "")
    assert event.delivered_at is not None
    assert event.attempts == 1
    (request,) = receiver.requests
    assert request.body.decode() == event.payload
    assert request.headers["Content-Type"] == "application/json; charset=utf-8"
    assert request.headers["Softswitch-Event"] == "payment"
    assert request.headers["Softswitch-Event-Id"] == json.loads(request.body)["id"]
    assert request.headers["Softswitch-Attempt"] == "1"
    header = request.headers["Softswitch-Signature"]
    assert is_genuine(request.body, header, secret)
    assert not is_genuine(request.body + b" ", header, secret)
    assert not is_genuine(request.body, header, f"{secret}x")


def test_an_old_proof_is_refused_by_the_documented_check(is_genuine: Genuine) -> None:
    body = b"{}"
    old = now() - timedelta(seconds=301)
    assert not is_genuine(body, signature(body=body, secrets=["s"], at=old), "s")
    header = signature(body=body, secrets=["s"], at=old)
    renewed = re.sub(r"t=\d+", f"t={int(time.time())}", header)
    assert not is_genuine(body, renewed, "s")


def test_the_signature_is_what_it_is_said_to_be() -> None:
    """HMAC-SHA256 of "1700000000.{}" by the key "secret", as `openssl dgst -hmac` says."""
    at = datetime.fromisoformat("2023-11-14T22:13:20+00:00")
    assert signature(body=b"{}", secrets=["secret"], at=at) == (
        "t=1700000000,v1=b8569b78799ff9e3cbff0fc2d63a33a2b57f3282abd07c37ae5e8e7d79a5f163"
    )


def test_for_a_day_both_secrets_sign_and_then_the_new_one_alone(
    world: World, receiver: Receiver, is_genuine: Genuine
) -> None:
    webhook, event, old = told(world, receiver)
    actor = world.actor("sub_reseller")
    new = rotate_secret(actor=actor, webhook=webhook)
    after(event)
    request = receiver.requests[-1]
    header = request.headers["Softswitch-Signature"]
    assert is_genuine(request.body, header, old)
    assert is_genuine(request.body, header, new)
    assert len(proofs(request)) == 2
    webhook.refresh_from_db()
    until = webhook.previous_until
    assert until is not None
    assert BOTH_SIGN - timedelta(minutes=1) < until - now() < BOTH_SIGN
    Webhook.objects.update(previous_until=now())
    resend_event(actor=actor, delivery=event)
    after(event)
    request = receiver.requests[-1]
    header = request.headers["Softswitch-Signature"]
    assert not is_genuine(request.body, header, old)
    assert is_genuine(request.body, header, new)


@pytest.mark.parametrize("status", [301, 307, 400, 404, 429, 500, 503])
def test_any_other_answer_is_tried_again(
    event: WebhookDelivery, receiver: Receiver, status: int
) -> None:
    receiver.decide = lambda _number: status
    receiver.text = "not now"
    assert after(event).status == DeliveryStatus.QUEUED
    assert (event.http_status, event.answer) == (status, "not now")
    assert event.last_error == f"The answer was {status}."


def test_it_is_tried_later_and_later_for_three_days(
    event: WebhookDelivery, receiver: Receiver
) -> None:
    assert sum(BACK_OFF, timedelta(0)) == timedelta(days=3)
    receiver.decide = lambda _number: 503
    for attempt, pause in enumerate(BACK_OFF, start=1):
        let_time_pass(event)
        began = now()
        assert after(event).status == DeliveryStatus.QUEUED
        assert event.attempts == attempt
        assert pause <= event.next_attempt_at - began < pause + timedelta(seconds=20)
        deliver(delivery_id=event.pk)  # not due yet
    let_time_pass(event)
    assert after(event).status == DeliveryStatus.FAILED
    assert event.attempts == MOST_ATTEMPTS == len(receiver.requests)
    let_time_pass(event)
    assert sweep() == 0
    assert len({request.body for request in receiver.requests}) == 1
    ids = {request.headers["Softswitch-Event-Id"] for request in receiver.requests}
    assert ids == {str(event.event_id)}


def test_a_receiver_that_is_gone_for_good_is_asked_once(
    event: WebhookDelivery, receiver: Receiver
) -> None:
    receiver.decide = lambda _number: 410
    assert after(event).status == DeliveryStatus.FAILED
    assert event.http_status == 410


def test_no_answer_is_tried_again(event: WebhookDelivery, receiver: Receiver) -> None:
    receiver.decide = lambda _number: None
    assert after(event).status == DeliveryStatus.QUEUED
    assert event.http_status is None
    assert "broke" in event.last_error
    Webhook.objects.update(url=f"http://127.0.0.1:{free_port()}/")
    let_time_pass(event)
    event = WebhookDelivery.objects.get()
    assert after(event).status == DeliveryStatus.QUEUED
    assert event.last_error == "The connection was refused."


def test_the_log_tells_no_private_address_from_none(
    event: WebhookDelivery, receiver: Receiver, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = []
    private = after(event)
    told = private.status, private.last_error
    assert told[0] == DeliveryStatus.QUEUED
    assert "does not connect to" in told[1]
    monkeypatch.setattr(socket, "getaddrinfo", leading_to())
    let_time_pass(event)
    unknown = after(event)
    assert (unknown.status, unknown.last_error) == told
    assert receiver.requests == []


def test_an_old_answer_is_not_shown_with_a_new_failure(
    event: WebhookDelivery, receiver: Receiver
) -> None:
    receiver.decide = lambda number: 500 if number == 1 else None
    after(event)
    let_time_pass(event)
    assert (after(event).http_status, event.answer) == (None, "")


def test_what_waits_for_a_webhook_that_is_off_or_archived_fails(
    world: World, receiver: Receiver
) -> None:
    webhook, event, _secret = told(world, receiver)
    actor = world.actor("sub_reseller")
    edit_webhook(actor=actor, webhook=webhook, values={"is_active": False})
    assert (after(event).status, event.last_error) == (DeliveryStatus.FAILED, OFF)
    edit_webhook(actor=actor, webhook=webhook, values={"is_active": True})
    paid(world)
    archive_webhook(actor=actor, webhook=webhook)
    waiting = WebhookDelivery.objects.get(status=DeliveryStatus.QUEUED)
    assert after(waiting).status == DeliveryStatus.FAILED
    assert receiver.requests == []


def test_a_new_event_is_found_at_once_and_asked_for_once(event: WebhookDelivery) -> None:
    assert sweep() == 1
    assert sweep() == 0  # a worker was asked a moment ago
    let_time_pass(event)
    assert sweep() == 1  # it did not come


def test_a_worker_that_died_leaves_it_to_be_sent_again(
    event: WebhookDelivery, receiver: Receiver
) -> None:
    past = now() - timedelta(seconds=1)
    WebhookDelivery.objects.update(status="sending", attempts=1, lease_until=past)
    assert sweep() == 0  # its pause comes first
    event.refresh_from_db()
    assert (event.status, event.last_error) == (DeliveryStatus.QUEUED, DIED)
    let_time_pass(event)
    assert sweep() == 1
    assert after(event).status == DeliveryStatus.DELIVERED


def test_two_workers_post_it_once(event: WebhookDelivery, receiver: Receiver) -> None:
    """The second finds it taken while the first waits for the answer."""
    post = outbound.post

    def slow_post(*args: Any, **kwargs: Any) -> Any:
        deliver(delivery_id=event.pk)
        return post(*args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(webhook_delivery, "post", slow_post)
        assert after(event).status == DeliveryStatus.DELIVERED
    assert len(receiver.requests) == 1


def test_a_slow_worker_that_lost_its_event_changes_nothing(
    event: WebhookDelivery, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lease ends while it waits; another worker has delivered it by the time it fails."""
    post = outbound.post

    def slow_post(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(webhook_delivery, "post", post)
        for _step in ("freed", "asked for"):
            let_time_pass(event)
            sweep()
        let_time_pass(event)
        deliver(delivery_id=event.pk)
        receiver.decide = lambda _number: 500
        return post(*args, **kwargs)

    monkeypatch.setattr(webhook_delivery, "post", slow_post)
    assert after(event).status == DeliveryStatus.DELIVERED
    assert (event.attempts, event.http_status) == (2, 200)
    ids = {request.headers["Softswitch-Event-Id"] for request in receiver.requests}
    assert (len(receiver.requests), ids) == (2, {str(event.event_id)})


def test_of_one_webhook_few_are_on_their_way_at_once_and_the_oldest_first(
    world: World, receiver: Receiver
) -> None:
    slow, _secret = hook_of(world, receiver)
    other, _secret = hook_of(world, receiver, who="shop")
    for _ in range(AT_ONCE + 2):
        paid(world)
    assert sweep() == 2 * AT_ONCE
    asked = WebhookDelivery.objects.filter(lease_until__gt=now())
    first = [list(hook.deliveries.order_by("pk")[:AT_ONCE]) for hook in (slow, other)]
    assert [list(asked.filter(webhook=hook).order_by("pk")) for hook in (slow, other)] == first
    assert sweep() == 0
    WebhookDelivery.objects.filter(pk=first[0][0].pk).update(status="sending")
    assert sweep() == 0
    WebhookDelivery.objects.filter(pk=first[0][0].pk).update(status="failed")
    assert sweep() == 1


def test_what_waits_for_its_next_attempt_keeps_nothing_else_waiting(
    world: World, receiver: Receiver
) -> None:
    webhook, _secret = hook_of(world, receiver)
    for _ in range(AT_ONCE + 1):
        paid(world)
    later = [row.pk for row in webhook.deliveries.order_by("pk")[:AT_ONCE]]
    WebhookDelivery.objects.filter(pk__in=later).update(next_attempt_at=now() + timedelta(hours=1))
    assert sweep() == 1


@pytest.mark.usefixtures("eager_jobs")
def test_who_has_delivered_one_asks_for_the_next(
    world: World,
    receiver: Receiver,
    django_capture_on_commit_callbacks: Any,
) -> None:
    webhook, _secret = hook_of(world, receiver)
    for _ in range(AT_ONCE + 4):
        paid(world)
    with django_capture_on_commit_callbacks(execute=True):
        sweep()
    assert not webhook.deliveries.exclude(status="delivered").exists()
    assert len(receiver.requests) == AT_ONCE + 4


@pytest.mark.usefixtures("eager_jobs")
def test_a_receiver_that_takes_nothing_is_not_asked_for_more(
    world: World,
    receiver: Receiver,
    django_capture_on_commit_callbacks: Any,
) -> None:
    receiver.decide = lambda _number: 500
    hook_of(world, receiver)
    for _ in range(AT_ONCE + 4):
        paid(world)
    with django_capture_on_commit_callbacks(execute=True):
        sweep()
    assert len(receiver.requests) == AT_ONCE
