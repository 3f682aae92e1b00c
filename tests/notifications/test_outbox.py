"""The outbox: written with its cause, once per key, and seen by the sender's side only."""

from typing import Any

import pytest
from celery import current_app
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.utils.timezone import now

from customers.models import AuditEvent
from customers.selectors import actor_for, system_actor
from notifications.choices import Event, MessageStatus
from notifications.models import Message
from notifications.services.delivery import deliver
from notifications.services.outbox import queue_message, resend
from softswitch.core.errors import DomainError
from tests.concurrency.threads import at_once
from tests.notifications.conftest import letter_of, with_addresses
from tests.plugins.mail import MailSink
from tests.world import World, build_world


def queue(world: World, key: str | None = None) -> Message:
    return queue_message(
        actor=world.actor("sub_reseller"),
        owner=world.sub_reseller,
        customer=world.shop,
        event=Event.TEST,
        recipient="shop@x.example",
        values={"user.name": "Shop"},
        key=key,
    )


def test_a_key_is_sent_once(world: World) -> None:
    first, second = queue(world, "invoice:7"), queue(world, "invoice:7")
    assert first.pk == second.pk
    assert Message.objects.count() == 1
    assert AuditEvent.objects.filter(action="test_mailed").count() == 1


def test_letters_without_a_key_are_each_sent(world: World) -> None:
    assert queue(world).pk != queue(world).pk


def test_what_goes_wrong_without_a_key_is_no_known_message(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifications.services.outbox.new_message_id", lambda: "<same@x>")
    queue(world)
    with pytest.raises(IntegrityError):
        queue(world)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_with_one_key_queue_one_message() -> None:
    world = build_world()
    ids = [message.pk for message in at_once(lambda: queue(world, "k"), lambda: queue(world, "k"))]
    assert ids[0] == ids[1]
    assert Message.objects.count() == 1


def test_the_worker_hears_of_it_when_the_cause_is_committed(
    world: World, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    sent: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(
        current_app, "send_task", lambda name, kwargs, **_options: sent.append((name, kwargs))
    )
    with django_capture_on_commit_callbacks(execute=True):
        message = queue(world)
        assert sent == []
    assert sent == [("notifications.deliver", {"message_id": message.pk})]


def test_no_message_is_left_of_a_cause_that_was_taken_back(world: World) -> None:
    with transaction.atomic():
        queue(world)
        transaction.set_rollback(True)
    assert not Message.objects.exists()


def test_what_a_rule_sends_is_not_in_the_audit_log(world: World) -> None:
    message = queue_message(
        actor=system_actor(),
        owner=world.sub_reseller,
        customer=world.shop,
        event=Event.TEST,
        recipient="shop@x.example",
        values={"user.name": "Shop"},
    )
    assert message.status == MessageStatus.QUEUED
    assert not AuditEvent.objects.filter(action="test_mailed").exists()


def test_an_empty_address_is_refused(world: World) -> None:
    with pytest.raises(DomainError) as refused:
        queue_message(
            actor=world.actor("sub_reseller"),
            owner=world.sub_reseller,
            customer=world.shop,
            event=Event.TEST,
            recipient=" ",
            values={},
        )
    assert refused.value.field == "email"


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("operator", True),
        ("reseller", True),
        ("sub_reseller", True),
        ("shop", False),
        ("sub_customer", False),
        ("other_reseller", False),
    ],
)
def test_the_log_is_the_senders_and_of_those_above(world: World, who: str, sees: bool) -> None:
    queue(world)
    assert Message.objects.visible_to(world.actor(who)).exists() is sees


def test_an_accounts_user_sees_no_message(world: World) -> None:
    Message.objects.filter(pk=queue(world).pk).update(owner=world.shop)
    user = world.account.users.get()
    assert not Message.objects.visible_to(actor_for(user)).exists()


@pytest.mark.parametrize("status", ["queued", "sending", "sent"])
def test_only_what_a_person_must_help_is_sent_again(world: World, status: str) -> None:
    message = queue(world)
    Message.objects.filter(pk=message.pk).update(status=status)
    with pytest.raises(DomainError) as refused:
        resend(actor=world.actor("sub_reseller"), message=message)
    assert refused.value.code == "not_resendable"


def test_sending_again_is_audited_out_of_the_customers_sight(world: World) -> None:
    message = queue(world)
    Message.objects.filter(pk=message.pk).update(status="failed", attempts=24)
    resend(actor=world.actor("sub_reseller"), message=message)
    message.refresh_from_db()
    assert (message.status, message.attempts) == (MessageStatus.QUEUED, 0)
    event = AuditEvent.objects.get(action="message_resent")
    assert not AuditEvent.objects.visible_to(world.actor("shop")).filter(pk=event.pk).exists()


@pytest.mark.parametrize("who", ["operator", "reseller", "shop"])
def test_only_who_sent_it_sends_it_again(world: World, who: str) -> None:
    message = queue(world)
    Message.objects.filter(pk=message.pk).update(status="failed")
    with pytest.raises(PermissionDenied):
        resend(actor=world.actor(who), message=message)


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_deliver_a_message_once(smtp_sink: MailSink) -> None:
    letter = letter_of(with_addresses(build_world()))
    at_once(*[lambda: deliver(message_id=letter.pk) for _worker in range(4)])
    letter.refresh_from_db()
    assert (letter.status, letter.attempts) == (MessageStatus.SENT, 1)
    assert len(smtp_sink.letters) == 1


def test_the_lists_of_the_sweep_and_the_log_have_indexes(world: World) -> None:
    queue(world)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = Message.objects.unfinished().filter(lease_until__lt=now()).explain()
    assert "message_unfinished" in plan
    assert "message_by_time" in Message.objects.order_by("-created_at")[:5].explain()
