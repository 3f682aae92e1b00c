"""The log of messages: who opens it, what it shows, and what its buttons do."""

import pytest
from django.test import Client
from django.urls import reverse

from customers.models import User
from notifications.models import Message
from tests.notifications.conftest import letter_of
from tests.security.portal import signed_in, text_of
from tests.sql import count_queries
from tests.world import World

LIST = "notifications:message_list"


def as_user(world: World, who: str, role: str = "administrator") -> Client:
    user = world.user(who)
    user.role = role
    user.save()
    return signed_in(user)


def detail(letter: Message) -> str:
    return reverse("notifications:message_detail", args=[letter.pk])


def again(letter: Message) -> str:
    return reverse("notifications:message_resend", args=[letter.pk])


@pytest.mark.parametrize("who", ["sub_reseller", "reseller", "operator"])
def test_the_sender_and_those_above_read_the_log(
    addressed: World, letter: Message, who: str
) -> None:
    client = as_user(addressed, who)
    assert "ann@shop.example" in text_of(client.get(reverse(LIST)))
    shown = text_of(client.get(detail(letter)))
    assert "[link]" in shown
    assert letter.message_id.strip("<>") in shown
    assert "SET-PASSWORD-LINK" not in shown


@pytest.mark.parametrize("who", ["shop", "other_reseller", "sub_customer"])
def test_recipient_and_strangers_find_nothing(addressed: World, letter: Message, who: str) -> None:
    client = as_user(addressed, who)
    assert "ann@shop.example" not in text_of(client.get(reverse(LIST)))
    assert client.get(detail(letter)).status_code == 404
    assert client.post(again(letter)).status_code == 404


def test_a_reporter_has_no_right_to_it(addressed: World, letter: Message) -> None:
    client = as_user(addressed, "sub_reseller", "reporter")
    assert client.get(reverse(LIST)).status_code == 403
    assert client.get(detail(letter)).status_code == 403
    assert client.post(again(letter)).status_code == 403


def test_nobody_is_sent_to_the_login_page(letter: Message) -> None:
    for answer in (Client().get(reverse(LIST)), Client().post(again(letter))):
        assert answer.headers["Location"].startswith("/login/?next=")


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("recipient=ann", True),
        ("recipient=bob", False),
        ("customer=shop", True),
        ("event=set_password", True),
        ("event=welcome", False),
        ("status=queued", True),
        ("status=sent", False),
        ("since=2020-01-01T00:00", True),
        ("until=2020-01-01T00:00", False),
    ],
)
def test_the_query_form(addressed: World, letter: Message, query: str, is_found: bool) -> None:
    client = as_user(addressed, "sub_reseller")
    assert ("ann@shop.example" in text_of(client.get(f"{reverse(LIST)}?{query}"))) is is_found


def test_a_failed_message_is_sent_again_by_its_button(addressed: World, letter: Message) -> None:
    Message.objects.filter(pk=letter.pk).update(status="failed", last_error="550 no such mailbox")
    client = as_user(addressed, "sub_reseller")
    shown = text_of(client.get(detail(letter)))
    assert "550 no such mailbox" in shown
    assert again(letter) in shown
    answer = client.post(again(letter), follow=True)
    assert "queued again" in text_of(answer)
    letter.refresh_from_db()
    assert letter.status == "queued"
    assert "Only failed, uncertain and bounced" in text_of(client.post(again(letter), follow=True))


def test_an_uncertain_message_warns_before_it_is_sent_again(
    addressed: World, letter: Message
) -> None:
    Message.objects.filter(pk=letter.pk).update(status="uncertain")
    assert "It may have arrived" in text_of(as_user(addressed, "sub_reseller").get(detail(letter)))


def test_who_stands_above_reads_but_sends_nothing_again(addressed: World, letter: Message) -> None:
    Message.objects.filter(pk=letter.pk).update(status="failed")
    client = as_user(addressed, "reseller")
    assert again(letter) not in text_of(client.get(detail(letter)))
    assert again(letter) not in text_of(client.get(reverse(LIST)))
    assert client.post(again(letter)).status_code == 403


def test_read_only_users_see_no_button(addressed: World, letter: Message) -> None:
    Message.objects.filter(pk=letter.pk).update(status="failed")
    client = as_user(addressed, "sub_reseller", "read_only")
    shown = text_of(client.get(reverse(LIST)))
    assert "Send me a test mail" not in shown
    assert again(letter) not in shown
    assert client.post(again(letter)).status_code == 403
    assert client.post(reverse("notifications:test_mail")).status_code == 403


def test_the_test_mail_goes_to_oneself(addressed: World) -> None:
    client = as_user(addressed, "sub_reseller")
    answer = client.post(reverse("notifications:test_mail"), follow=True)
    assert "on its way to sam@sub.example" in text_of(answer)
    assert Message.objects.get().event == "test"


def test_a_test_mail_without_an_address_says_the_way_out(addressed: World) -> None:
    User.objects.filter(login="sub-reseller").update(email="")
    client = as_user(addressed, "sub_reseller")
    answer = client.post(reverse("notifications:test_mail"), follow=True)
    assert "Enter your e-mail address in your profile" in text_of(answer)


def test_no_test_mail_while_switched(addressed: World) -> None:
    client = as_user(addressed, "reseller")
    client.post(reverse("customers:switch_to", args=[addressed.sub_reseller.pk]))
    assert "Send me a test mail" not in text_of(client.get(reverse(LIST)))
    assert client.post(reverse("notifications:test_mail")).status_code == 403
    assert not Message.objects.exists()


def test_markup_in_a_letter_is_shown_and_not_run(addressed: World, letter: Message) -> None:
    Message.objects.filter(pk=letter.pk).update(
        text="<script>x</script>", html="<img src=y onerror=z>"
    )
    shown = text_of(as_user(addressed, "sub_reseller").get(detail(letter)))
    assert "<script>x" not in shown
    assert "<img src=y" not in shown
    assert "&lt;script&gt;x" in shown


def test_more_rows_cost_no_more_statements(addressed: World) -> None:
    client = as_user(addressed, "sub_reseller")
    for _ in range(5):
        letter_of(addressed)
    client.get(reverse(LIST))
    few = count_queries(lambda: client.get(reverse(LIST)))
    for _ in range(25):
        letter_of(addressed)
    assert count_queries(lambda: client.get(reverse(LIST))) == few


def test_the_log_is_exported(addressed: World, letter: Message) -> None:
    text = text_of(as_user(addressed, "sub_reseller").get(f"{reverse(LIST)}?export=csv"))
    assert "ann@shop.example" in text
    assert "SET-PASSWORD-LINK" not in text
