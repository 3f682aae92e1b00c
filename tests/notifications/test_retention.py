"""What is old is let go of: once, in batches, and never what waits, is uncertain or is held."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils.timezone import now

from customers.models import User
from customers.services.users import add_login
from notifications import tasks
from notifications.choices import DeliveryStatus, Event, MessageStatus
from notifications.models import Attachment, Message, Notice, NoticeMark, WebhookDelivery
from notifications.selectors import may_resend
from notifications.services import retention
from notifications.services.mail_settings import save_mail_settings
from notifications.services.outbox import keep_attachment, queue_message, resend
from notifications.services.retention import purge
from softswitch.celery import app
from softswitch.core.errors import DomainError
from tests.notifications.hooks import paid, told
from tests.plugins.hooks import Receiver
from tests.security.portal import signed_in, text_of
from tests.world import PASSWORD, World

DAY = timedelta(days=1)


def letter(world: World, *, key: str | None = None, file: Attachment | None = None) -> Message:
    return queue_message(
        actor=world.actor("sub_reseller"),
        owner=world.sub_reseller,
        customer=world.shop,
        event=Event.TEST,
        recipient="shop@x.example",
        values={"user.name": "Ann"},
        key=key,
        attachment=file,
    )


def file_of(name: str) -> Attachment:
    return keep_attachment(name=name, content_type="text/csv", content=b"1,2")


def put(message: Message, *, days: int, status: str = "sent") -> None:
    """So many days ago it came so far."""
    past = now() - days * DAY
    Message.objects.filter(pk=message.pk).update(created_at=past, status=status)


def notice(world: World, days: int, **values: Any) -> Notice:
    made: Notice = Notice.objects.create(
        recipient=world.sub_reseller, event=Event.SUSPENDED, created_at=now() - days * DAY, **values
    )
    return made


def test_text_and_files_of_old_letters_go_and_their_rows_stay(world: World) -> None:
    shared, own = file_of("shared.csv"), file_of("own.csv")
    old, young = letter(world, key="k", file=own), letter(world, file=shared)
    older = letter(world, file=shared)
    put(old, days=401)
    put(older, days=500, status="bounced")
    put(young, days=399)
    assert purge(moment=now()) == 2
    assert purge(moment=now()) == 0
    old.refresh_from_db()
    assert (old.text, old.html, old.attachment, old.subject != "") == ("", "", None, True)
    young.refresh_from_db()
    assert young.text
    assert list(Attachment.objects.all()) == [shared]  # the young letter carries it
    assert letter(world, key="k").pk == old.pk  # nothing is mailed again
    put(young, days=401)
    purge(moment=now())
    assert not Attachment.objects.exists()


@pytest.mark.parametrize("status", ["queued", "sending", "uncertain"])
def test_what_waits_or_may_have_arrived_stays_however_old(world: World, status: str) -> None:
    put(letter(world, file=file_of("a.csv")), days=5000, status=status)
    before = list(Message.objects.values())
    assert purge(moment=now()) == 0
    assert list(Message.objects.values()) == before
    assert Attachment.objects.exists()


def test_a_logo_in_use_stays(world: World) -> None:
    picture = file_of("logo.png")
    put(letter(world), days=401)
    Message.objects.update(logo=picture)
    settings = save_mail_settings(actor=world.actor("sub_reseller"), values={"sender_name": "S"})
    type(settings).objects.update(logo=picture)
    assert purge(moment=now()) == 1
    assert Attachment.objects.get() == picture


def test_an_emptied_letter_is_not_sent_again_and_says_why(world: World) -> None:
    failed = letter(world)
    put(failed, days=401, status="failed")
    actor = world.actor("sub_reseller")
    failed.refresh_from_db()
    assert may_resend(failed, actor)
    purge(moment=now())
    failed.refresh_from_db()
    assert not may_resend(failed, actor)
    with pytest.raises(DomainError) as refused:
        resend(actor=actor, message=failed)
    assert refused.value.code == "purged"
    assert Message.objects.get().status == MessageStatus.FAILED
    page = signed_in(world.user("sub_reseller")).get(
        reverse("notifications:message_detail", args=[failed.pk])
    )
    assert "removed, as it is old" in text_of(page)


def test_notices_go_after_a_year_and_sooner_once_all_have_read_them(world: World) -> None:
    """All that have that bell: not those of accounts, of others, or who are blocked."""
    ann = world.user("sub_reseller")
    bob: User = add_login(
        actor=world.actor("sub_reseller"),
        customer=world.sub_reseller,
        login="bob",
        password=PASSWORD,
        role="noc",
    )
    ancient, old, for_bob, young = (
        notice(world, 401),
        notice(world, 91),
        notice(world, 91, user=bob),
        notice(world, 89),
    )
    assert purge(moment=now()) == 1
    assert not Notice.objects.filter(pk=ancient.pk).exists()
    NoticeMark.objects.create(user=ann, read_to=young.pk)
    assert purge(moment=now()) == 0
    NoticeMark.objects.create(user=bob, read_to=old.pk)
    assert purge(moment=now()) == 1
    assert set(Notice.objects.all()) == {for_bob, young}
    NoticeMark.objects.filter(user=bob).update(read_to=young.pk)
    assert purge(moment=now()) == 1
    assert Notice.objects.get() == young


def test_a_blocked_login_keeps_no_notice(world: World) -> None:
    notice(world, 91)
    User.objects.filter(customer=world.sub_reseller).update(is_active=False)
    assert purge(moment=now()) == 1


def test_old_deliveries_go_once_they_are_over(world: World, receiver: Receiver) -> None:
    told(world, receiver)
    for number in range(4):
        paid(world, key=f"q-{number}")
    past = now() - 91 * DAY
    rows = list(WebhookDelivery.objects.order_by("pk"))
    for row, status in zip(rows, DeliveryStatus.values, strict=False):
        WebhookDelivery.objects.filter(pk=row.pk).update(status=status, created_at=past)
    young = rows[4]
    WebhookDelivery.objects.filter(pk=young.pk).update(status=DeliveryStatus.DELIVERED)
    assert purge(moment=now()) == 2
    left = set(WebhookDelivery.objects.values_list("status", "pk"))
    assert left == {("queued", rows[0].pk), ("sending", rows[1].pk), ("delivered", young.pk)}


def test_days_of_zero_keep_for_ever(world: World, settings: Any) -> None:
    for name in ("NOTICE_DAYS", "NOTICE_READ_DAYS", "WEBHOOK_DELIVERY_DAYS", "MESSAGE_DAYS"):
        setattr(settings, name, 0)
    notice(world, 9999)
    put(letter(world), days=9999)
    assert purge(moment=now()) == 0


def test_batch_after_batch_as_long_as_there_is_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for _ in range(5):
        notice(world, 401)
        put(letter(world), days=401)
    assert purge(moment=now(), seconds=0) == 0
    tasks.purge()
    assert not Notice.objects.exists()
    assert not Message.objects.filter(purged_at=None).exists()


@pytest.mark.parametrize("name", ["notifications.purge", "calls.purge_report_files"])
def test_once_a_day_it_is_asked_for(name: str) -> None:
    app.loader.import_default_modules()
    assert name in app.tasks
    [entry] = [one for one in app.conf.beat_schedule.values() if one["task"] == name]
    assert entry["schedule"] == 24 * 3600
