"""Forgotten passwords: one answer for all, one use of a link, and no way around either."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from axes.models import AccessAttempt
from django.conf import settings
from django.test import Client, override_settings
from django.urls import reverse
from django.utils.timezone import now

from customers.models import AuditEvent, User
from customers.services.customers import set_status
from customers.services.passwords import set_password_by_link
from customers.services.users import add_login
from notifications.models import Message
from notifications.services.delivery import deliver, set_password_url
from notifications.services.letters import (
    LINKS_PER_ADDRESS,
    LINKS_PER_LOGIN,
    mail_forgotten,
    send_set_password,
)
from softswitch.core.errors import DomainError
from tests.notifications.conftest import link_in
from tests.plugins.mail import MailSink
from tests.security.portal import signed_in
from tests.world import PASSWORD, World

NEW = "an entirely new phrase"
FORGOTTEN = "/password/"


def path_of(user: User) -> str:
    """The path of a fresh link of ``user``."""
    return set_password_url(user).removeprefix(settings.PORTAL_URL)


def opened(client: Client, path: str) -> Any:
    """The page behind a link, after its redirect."""
    return client.get(path, follow=True)


def set_by(client: Client, path: str, password: str = NEW, again: str = "") -> Any:
    """Follow a link and send its form."""
    page = opened(client, path)
    address = page.request["PATH_INFO"]
    return client.post(address, {"password": password, "again": again or password})


@pytest.mark.usefixtures("addressed")
def test_the_whole_way_from_the_login_page_to_the_new_password(
    smtp_sink: MailSink, django_capture_on_commit_callbacks: Any, eager_jobs: None
) -> None:
    client = Client()
    assert FORGOTTEN in client.get(reverse("login")).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(FORGOTTEN, {"identifier": " Ann@Shop.example "})
    assert "is on its way" in answer.content.decode()
    (mail,) = smtp_sink.letters
    assert mail["To"] == "ann@shop.example"
    done = set_by(client, link_in(mail).removeprefix(settings.PORTAL_URL))
    assert done.headers["Location"] == reverse("login")
    assert "The password is set" in client.get(reverse("login")).content.decode()
    signed = client.post(reverse("login"), {"username": "shop", "password": NEW})
    assert signed.headers["Location"] == reverse("dashboard")
    old = {"username": "shop", "password": PASSWORD}
    assert Client().post(reverse("login"), old).status_code == 200


@pytest.mark.usefixtures("addressed")
@pytest.mark.parametrize("asked", ["shop", "nobody", "ann@shop.example", "x@nowhere.example"])
def test_the_answer_is_the_same_for_everybody(asked: str) -> None:
    known, unknown = (
        Client().post(FORGOTTEN, {"identifier": text}) for text in ("sub-reseller", asked)
    )
    assert known.status_code == unknown.status_code == 200
    assert known.content == unknown.content
    assert not Message.objects.exists()  # whose it is finds a worker


def test_an_empty_request_names_its_field(world: World) -> None:
    answer = Client().post(FORGOTTEN, {"identifier": ""})
    assert 'id="id_identifier_error"' in answer.content.decode()


def test_asking_is_throttled_by_address(world: World) -> None:
    for number in range(LINKS_PER_ADDRESS):
        assert Client().post(FORGOTTEN, {"identifier": f"guess {number}"}).status_code == 200
    assert Client().post(FORGOTTEN, {"identifier": "shop"}).status_code == 429
    other = Client(REMOTE_ADDR="192.0.2.7")
    assert other.post(FORGOTTEN, {"identifier": "shop"}).status_code == 200
    with time_machine.travel(now() + timedelta(hours=1, seconds=1)):
        assert Client().post(FORGOTTEN, {"identifier": "shop"}).status_code == 200


def test_a_mailbox_is_not_flooded(addressed: World) -> None:
    mailed = [mail_forgotten(identifier="shop", ip=None) for _ in range(LINKS_PER_LOGIN + 2)]
    assert mailed == [1] * LINKS_PER_LOGIN + [0, 0]


def test_a_forgotten_password_is_mailed_in_the_providers_name_and_audited(addressed: World) -> None:
    mail_forgotten(identifier="SHOP", ip="192.0.2.9")
    message = Message.objects.get()
    assert (message.owner, message.customer) == (addressed.sub_reseller, addressed.shop)
    event = AuditEvent.objects.get(action="set_password_asked")
    assert (event.user, event.ip, event.customer) == (None, "192.0.2.9", addressed.shop)


def test_logins_that_share_an_address_get_a_link_each(addressed: World) -> None:
    User.objects.filter(login__in=("shop", "shop-1")).update(email="ann@shop.example")
    assert mail_forgotten(identifier="ANN@shop.example", ip=None) == 2
    assert set(Message.objects.values_list("user__login", flat=True)) == {"shop", "shop-1"}


def test_the_first_login_of_a_customer_is_reached_at_the_customers_address(
    addressed: World,
) -> None:
    User.objects.filter(login="shop").update(email="")
    assert mail_forgotten(identifier="shop", ip=None) == 1
    assert mail_forgotten(identifier="Shop@X.example", ip=None) == 1
    assert set(Message.objects.values_list("recipient", flat=True)) == {"shop@x.example"}


@pytest.mark.parametrize("kind", ["second login", "account's login"])
def test_nobody_elses_link_goes_to_the_customers_address(addressed: World, kind: str) -> None:
    login = "shop-1"
    if kind == "second login":
        login = "second"
        add_login(actor=addressed.actor("shop"), customer=addressed.shop, login=login, password=NEW)
    assert mail_forgotten(identifier=login, ip=None) == 0


def test_an_address_written_as_a_login_reaches_that_login_only(addressed: World) -> None:
    User.objects.filter(login="sub-customer").update(login="ann@shop.example", email="b@c.example")
    mail_forgotten(identifier="ann@shop.example", ip=None)
    assert list(Message.objects.values_list("recipient", flat=True)) == ["b@c.example"]


def test_blocked_and_closed_logins_get_no_mail(addressed: World) -> None:
    User.objects.filter(login="shop").update(is_active=False)
    assert mail_forgotten(identifier="shop", ip=None) == 0
    User.objects.filter(login="shop").update(is_active=True)
    set_status(actor=addressed.actor("reseller"), customer=addressed.sub_reseller, status="closed")
    assert mail_forgotten(identifier="shop", ip=None) == 0


def test_a_link_works_once(addressed: World) -> None:
    path = path_of(addressed.user("shop"))
    assert set_by(Client(), path).status_code == 302
    assert "This link does not work" in opened(Client(), path).content.decode()
    addressed.user("shop").check_password(NEW)


def test_a_form_opened_before_the_link_was_used_is_refused(addressed: World) -> None:
    path = path_of(addressed.user("shop"))
    early = Client()
    address = opened(early, path).request["PATH_INFO"]
    set_by(Client(), path)
    answer = early.post(address, {"password": "another phrase yet", "again": "another phrase yet"})
    assert "This link does not work" in answer.content.decode()
    assert addressed.user("shop").check_password(NEW)


def test_two_at_once_with_one_link_set_one_password(addressed: World) -> None:
    """The second passed the page's check before the first was done."""
    user = addressed.user("shop")
    token = path_of(user).rstrip("/").rpartition("/")[2]
    set_password_by_link(user_id=user.pk, token=token, password=NEW, ip=None)
    with pytest.raises(DomainError) as refused:
        set_password_by_link(user_id=user.pk, token=token, password="another phrase", ip=None)
    assert refused.value.code == "link_used"


def test_a_link_ends_with_a_sign_in_and_with_time(addressed: World) -> None:
    path = path_of(addressed.user("shop"))
    with time_machine.travel(now() + timedelta(days=3, minutes=1)):
        assert "does not work" in opened(Client(), path).content.decode()
    assert "Set your password" in opened(Client(), path).content.decode()
    Client().post(reverse("login"), {"username": "shop", "password": PASSWORD})
    assert "does not work" in opened(Client(), path).content.decode()


def test_the_secret_leaves_the_address_at_once(addressed: World) -> None:
    path = path_of(addressed.user("shop"))
    answer = Client().get(path)
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith("/set-password/")
    page = opened(Client(), path)
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in page.headers["Cache-Control"]
    assert path.rstrip("/").rpartition("/")[2] not in page.content.decode()


@pytest.mark.parametrize("path", ["/password/x/y/", "/password/MTIz/set-password/"])
def test_an_invented_link_reads_like_a_used_one(world: World, path: str) -> None:
    assert "This link does not work" in opened(Client(), path).content.decode()


@pytest.mark.parametrize("blocked", ["login", "owner"])
def test_the_link_of_a_closed_login_reads_like_a_used_one(addressed: World, blocked: str) -> None:
    path = path_of(addressed.user("shop"))
    if blocked == "login":
        User.objects.filter(login="shop").update(is_active=False)
    else:
        set_status(
            actor=addressed.actor("reseller"), customer=addressed.sub_reseller, status="closed"
        )
    assert "This link does not work" in opened(Client(), path).content.decode()


def test_a_weak_password_is_refused_at_its_field_and_the_link_lasts(addressed: World) -> None:
    client, path = Client(), path_of(addressed.user("shop"))
    weak = set_by(client, path, "short")
    assert 'id="id_password_error"' in weak.content.decode()
    differing = set_by(client, path, NEW, again="something else")
    assert 'id="id_again_error"' in differing.content.decode()
    assert addressed.user("shop").check_password(PASSWORD)
    assert set_by(client, path).status_code == 302


def test_setting_a_password_ends_every_session(addressed: World) -> None:
    elsewhere, here = signed_in(addressed.user("shop")), signed_in(addressed.user("sub_customer"))
    set_by(here, path_of(addressed.user("shop")))
    assert elsewhere.get(reverse("dashboard")).status_code == 302
    assert here.get(reverse("dashboard")).status_code == 302
    event = AuditEvent.objects.get(action="password_changed")
    assert event.user == addressed.user("shop")


@override_settings(AXES_ENABLED=True)
def test_who_locked_itself_out_signs_in_after_setting_a_password(addressed: World) -> None:
    for guess in range(8):
        wrong = {"username": "shop", "password": f"guess {guess}"}
        Client().post(reverse("login"), wrong)
    assert AccessAttempt.objects.exists()
    set_by(Client(), path_of(addressed.user("shop")))
    right = {"username": "shop", "password": NEW}
    assert Client().post(reverse("login"), right).status_code == 302


def test_an_invited_login_without_a_password_sets_its_first(
    addressed: World, smtp_sink: MailSink
) -> None:
    user = addressed.user("shop")
    user.set_unusable_password()
    user.save()
    message = send_set_password(actor=addressed.actor("sub_reseller"), user=user)
    deliver(message_id=message.pk)
    client = Client()
    set_by(client, link_in(smtp_sink.letters[0]).removeprefix(settings.PORTAL_URL))
    assert client.post(reverse("login"), {"username": "shop", "password": NEW}).status_code == 302
