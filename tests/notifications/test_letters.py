"""Letters that people cause: to whom they go, from whom, in which words, and who may send them."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.exceptions import PermissionDenied

from billing.services.alerts import send_low_balance_alert
from billing.services.archive import archive_customer
from customers.models import AuditEvent, Customer, User
from customers.selectors import actor_for
from customers.services.customers import set_status
from notifications.choices import LINK_MARK, Event
from notifications.models import Message
from notifications.services.letters import send_set_password, send_test, send_welcome
from softswitch.core.errors import DomainError
from tests.world import World


def test_an_owner_mails_a_login_of_its_customer(addressed: World) -> None:
    user = addressed.user("shop")
    message = send_set_password(actor=addressed.actor("sub_reseller"), user=user)
    assert (message.owner, message.customer) == (addressed.sub_reseller, addressed.shop)
    assert (message.user, message.recipient) == (user, "ann@shop.example")
    assert message.sender_name == "Sub reseller"
    assert LINK_MARK in message.text
    assert LINK_MARK in message.html
    assert message.subject == "Set a new password for your login shop"


def test_a_login_without_a_password_is_invited(addressed: World) -> None:
    user = addressed.user("shop")
    user.set_unusable_password()
    user.save()
    message = send_set_password(actor=addressed.actor("shop"), user=user)
    assert "a login was made for you: shop" in message.text
    assert "not you who asked" not in message.text


def test_a_colleague_is_mailed_from_the_own_company(addressed: World) -> None:
    message = send_set_password(actor=addressed.actor("shop"), user=addressed.user("shop"))
    assert message.owner == addressed.shop


def test_an_accounts_user_reads_nothing_of_its_customers_owner(addressed: World) -> None:
    User.objects.filter(login="shop-1").update(email="desk@shop.example")
    user = User.objects.get(login="shop-1")
    message = send_set_password(actor=addressed.actor("sub_reseller"), user=user)
    assert message.owner == addressed.shop
    assert message.sender_name == "Shop"
    assert "Sub reseller" not in message.text + message.html


@pytest.mark.parametrize("who", ["other_reseller", "reseller", "sub_customer"])
def test_nobody_else_mails_a_link(addressed: World, who: str) -> None:
    with pytest.raises(PermissionDenied):
        send_set_password(actor=addressed.actor(who), user=addressed.user("shop"))
    with pytest.raises(PermissionDenied):
        send_welcome(actor=addressed.actor(who), customer=addressed.shop)
    with pytest.raises(PermissionDenied):
        send_low_balance_alert(actor=addressed.actor(who), customer=addressed.shop)
    assert not Message.objects.exists()


def test_nobody_mails_a_link_while_switched(addressed: World) -> None:
    stack = (addressed.sub_reseller.pk,)
    switched = actor_for(addressed.user("reseller"), stack=stack)
    with pytest.raises(PermissionDenied):
        send_set_password(actor=switched, user=addressed.user("shop"))
    with pytest.raises(PermissionDenied):
        send_welcome(actor=switched, customer=addressed.shop)
    with pytest.raises(PermissionDenied):
        send_test(actor=switched)


def test_a_login_without_an_address_gets_no_link(world: World) -> None:
    with pytest.raises(DomainError) as refused:
        send_set_password(actor=world.actor("sub_reseller"), user=world.user("shop"))
    assert (refused.value.code, refused.value.field) == ("no_email", "email")


def test_a_blocked_login_gets_no_link(addressed: World) -> None:
    User.objects.filter(login="shop").update(is_active=False)
    user = User.objects.get(login="shop")
    with pytest.raises(DomainError, match="closed"):
        send_set_password(actor=addressed.actor("sub_reseller"), user=user)


def test_the_welcome_letter_has_portal_login_and_link_but_no_password(
    addressed: World,
) -> None:
    message = send_welcome(actor=addressed.actor("sub_reseller"), customer=addressed.shop)
    assert message.event == Event.WELCOME
    assert message.recipient == "ann@shop.example"
    assert "Address  http://localhost:8000/\nLogin    shop\n" in message.text
    assert LINK_MARK in message.text
    event = AuditEvent.objects.get(action="welcome_mailed")
    assert (event.customer, event.subject) == (addressed.shop, "ann@shop.example")


def test_the_welcome_letter_goes_to_the_main_address_where_the_login_has_none(
    addressed: World,
) -> None:
    User.objects.filter(login="shop").update(email="")
    message = send_welcome(actor=addressed.actor("sub_reseller"), customer=addressed.shop)
    assert message.recipient == "shop@x.example"


def test_no_welcome_without_a_login_or_an_address(addressed: World) -> None:
    actor = addressed.actor("sub_reseller")
    User.objects.filter(login="shop").update(email="")
    Customer.objects.filter(pk=addressed.shop.pk).update(main_email="")
    addressed.shop.refresh_from_db()
    with pytest.raises(DomainError, match="no e-mail address"):
        send_welcome(actor=actor, customer=addressed.shop)
    User.objects.filter(login="shop").update(is_active=False)
    with pytest.raises(DomainError, match="no administrator login"):
        send_welcome(actor=actor, customer=addressed.shop)
    set_status(actor=actor, customer=addressed.shop, status="closed")
    User.objects.filter(login="shop").update(is_active=True, email="ann@shop.example")
    with pytest.raises(DomainError, match="closed"):
        send_welcome(actor=actor, customer=addressed.shop)


def test_the_low_balance_alert_says_the_sums_of_that_moment(addressed: World) -> None:
    message = send_low_balance_alert(actor=addressed.actor("sub_reseller"), customer=addressed.shop)
    assert message.recipient == "shop@x.example"
    assert message.subject == "Low balance: 100.00 GBP available"
    for line in ("Balance       100.00 GBP", "Credit limit  0.00 GBP", "Available     100.00 GBP"):
        assert line in message.text


def test_the_low_balance_alert_prefers_the_billing_address(addressed: World) -> None:
    Customer.objects.filter(pk=addressed.shop.pk).update(billing_email="books@shop.example")
    addressed.shop.refresh_from_db()
    message = send_low_balance_alert(actor=addressed.actor("sub_reseller"), customer=addressed.shop)
    assert message.recipient == "books@shop.example"


def test_amounts_are_written_as_the_customers_language_has_them(addressed: World) -> None:
    Customer.objects.filter(pk=addressed.shop.pk).update(language="es")
    addressed.shop.refresh_from_db()
    balance = addressed.balance("shop")
    balance.credit_limit = Decimal(12345)
    balance.save()
    message = send_low_balance_alert(actor=addressed.actor("sub_reseller"), customer=addressed.shop)
    assert message.language == "es"
    assert "12.345,00 GBP" in message.text
    assert 'lang="es"' in message.html


def test_right_to_left_languages_are_marked_so(addressed: World) -> None:
    User.objects.filter(login="shop").update(language="ar")
    message = send_set_password(
        actor=addressed.actor("sub_reseller"), user=User.objects.get(login="shop")
    )
    assert 'lang="ar" dir="rtl"' in message.html


def test_an_archived_customer_gets_no_alert(addressed: World) -> None:
    actor = addressed.actor("sub_reseller")
    archive_customer(actor=actor, customer=addressed.shop, surplus="pay_out", reason="x")
    addressed.shop.refresh_from_db()
    with pytest.raises(DomainError, match="archived"):
        send_low_balance_alert(actor=actor, customer=addressed.shop)


def test_names_are_escaped_in_html_and_plain_in_text(addressed: World) -> None:
    Customer.objects.filter(pk=addressed.shop.pk).update(company_name="<b>Ann & Co</b>")
    addressed.shop.refresh_from_db()
    message = send_low_balance_alert(actor=addressed.actor("sub_reseller"), customer=addressed.shop)
    assert "To <b>Ann & Co</b>:" in message.text
    assert "To &lt;b&gt;Ann &amp; Co&lt;/b&gt;:" in message.html


def test_a_test_mail_goes_to_the_own_address(addressed: World) -> None:
    message = send_test(actor=addressed.actor("sub_reseller"))
    assert message.recipient == "sam@sub.example"
    assert message.owner == message.customer == addressed.sub_reseller
    with pytest.raises(DomainError, match="profile"):
        send_test(actor=addressed.actor("reseller"))


@pytest.mark.parametrize(
    ("address", "warns"), [("http://localhost:8000", True), ("https://portal.example.com", False)]
)
def test_a_portal_on_https_is_told_where_its_links_would_lead(
    settings: Any, address: str, warns: bool
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.PORTAL_URL = address
    found = [message.id for message in run_checks(include_deployment_checks=True)]
    assert ("notifications.W001" in found) is warns


def test_letters_have_no_holes_where_their_templates_branch(addressed: World) -> None:
    message = send_welcome(actor=addressed.actor("sub_reseller"), customer=addressed.shop)
    assert "\n\n\n" not in message.text
