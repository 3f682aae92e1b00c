"""Web logins of a customer: invited, edited, blocked, sent a link; by whom, and by whom not."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from customers.choices import Role
from customers.models import AuditEvent, User
from customers.selectors import actor_for
from customers.services.users import create_user, edit_user, set_blocked
from notifications.models import Message
from softswitch.core.errors import DomainError
from tests.security.people import is_signed_in, try_password, with_second_factor
from tests.security.portal import signed_in, text_of
from tests.sql import count_queries
from tests.world import PASSWORD, World

PAGES = ["user_detail", "user_edit", "user_password", "user_second_factor"]
POSTS = ["user_send_link", "user_block", "user_unblock"]


def url(name: str, *args: Any) -> str:
    return reverse(f"customers:{name}", args=args)


def add_user(world: World, login: str, **values: Any) -> User:
    """One more login of the shop."""
    values = {"password": PASSWORD, "email": f"{login}@example.com"} | values
    return create_user(
        actor=world.actor("sub_reseller"), customer=world.shop, login=login, **values
    )


def refused(answer: Any, field: str) -> bool:
    return answer.status_code == 422 and f'id="id_{field}_error"' in text_of(answer)


def test_a_user_is_invited_by_mail(world: World) -> None:
    client = signed_in(world.user("shop"))
    sent = {
        "login": "Amy",
        "name": "Amy Adams",
        "email": "amy@example.com",
        "role": "billing",
        "language": "es",
        "timezone": "Europe/Madrid",
        "allowed_networks": "192.0.2.7\n2001:db8::/32",
    }
    answer = client.post(url("customer_user_add", world.shop.pk), sent, follow=True)
    page = text_of(answer)
    assert "A set-password link goes to amy@example.com." in page
    assert "Invited" in page
    user = User.objects.get(login="amy")
    assert "Español" in text_of(client.get(url("user_detail", user.pk)))
    assert (user.name, user.role, user.language) == ("Amy Adams", "billing", "es")
    assert (str(user.timezone), user.customer) == ("Europe/Madrid", world.shop)
    assert user.allowed_networks == ["192.0.2.7/32", "2001:db8::/32"]
    assert not user.has_usable_password()
    assert Message.objects.get(event="set_password").recipient == "amy@example.com"
    assert not is_signed_in(try_password("amy", "")[0])


def test_an_owner_may_type_the_password(world: World) -> None:
    client = signed_in(world.user("sub_reseller"))
    sent = {"login": "bob", "password": PASSWORD, "role": "noc"}
    client.post(url("customer_user_add", world.shop.pk), sent)
    assert is_signed_in(try_password("bob")[0])
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"login": "amy"}, "email"),
        ({"login": "amy", "email": "nonsense"}, "email"),
        ({"login": "SHOP ", "email": "a@example.com"}, "login"),
        ({"login": "amy", "password": "short"}, "password"),
        ({"login": "amy", "password": "my name is amy, hello"}, "password"),
        ({"login": "amy", "email": "a@example.com", "role": "root"}, "role"),
        (
            {"login": "amy", "email": "a@example.com", "allowed_networks": "192.0.2.7/24"},
            "allowed_networks",
        ),
    ],
)
def test_a_wrong_new_login_is_refused_at_its_field(
    world: World, sent: dict[str, str], field: str
) -> None:
    client = signed_in(world.user("shop"))
    answer = client.post(url("customer_user_add", world.shop.pk), {"role": "noc"} | sent)
    assert refused(answer, field)
    assert not User.objects.filter(login="amy").exists()
    assert not Message.objects.exists()


def test_a_login_is_edited(world: World) -> None:
    user = add_user(world, "amy")
    client = signed_in(world.user("shop"))
    assert "amy@example.com" in text_of(client.get(url("user_edit", user.pk)))
    sent = {"name": "Amy", "role": "reporter", "allowed_networks": "10.0.0.0/8, 192.0.2.7"}
    answer = client.post(url("user_edit", user.pk), sent)
    assert answer.headers["Location"] == url("user_detail", user.pk)
    user.refresh_from_db()
    assert (user.name, user.email, user.role) == ("Amy", "", "reporter")
    assert user.allowed_networks == ["10.0.0.0/8", "192.0.2.7/32"]
    event = AuditEvent.objects.latest("pk")
    assert event.changes["allowed_networks"] == ["", "10.0.0.0/8, 192.0.2.7/32"]
    assert not edit_user(actor=world.actor("shop"), user=user, values={"name": "Amy"})


def test_an_edit_changes_nothing_but_what_may_be_edited(world: World) -> None:
    user = add_user(world, "amy")
    edit_user(actor=world.actor("shop"), user=user, values={"customer_id": 1, "is_active": False})
    user.refresh_from_db()
    assert user.is_active
    assert user.customer == world.shop


def test_nobody_locks_itself_out_by_its_own_list(world: World) -> None:
    client = signed_in(world.user("shop"))
    target = url("user_edit", world.user("shop").pk)
    sent = {"role": "administrator", "allowed_networks": "192.0.2.0/24"}
    answer = client.post(target, sent)
    assert refused(answer, "allowed_networks")
    assert "127.0.0.1, is missing" in text_of(answer)
    client.post(target, sent | {"allowed_networks": "127.0.0.1"})
    assert world.user("shop").allowed_networks == ["127.0.0.1/32"]


def test_a_blocked_user_is_out_at_once_and_comes_back(world: World) -> None:
    user = add_user(world, "amy")
    client, _answer = try_password("amy")
    admin = signed_in(world.user("shop"))
    shown = text_of(admin.post(url("user_block", user.pk), follow=True))
    assert "The login is blocked" in shown
    assert not is_signed_in(client)
    assert not is_signed_in(try_password("amy")[0])
    admin.post(url("user_unblock", user.pk))
    assert is_signed_in(try_password("amy")[0])
    actions = list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))
    assert actions[-2:] == ["user_blocked", "user_unblocked"]


def test_the_last_administrator_stays(world: World) -> None:
    first, admin = world.user("shop"), signed_in(world.user("shop"))
    second = add_user(world, "amy")
    assert "cannot block your own" in text_of(admin.post(url("user_block", first.pk), follow=True))
    set_blocked(actor=world.actor("shop"), user=second, is_blocked=True)
    answer = admin.post(url("user_edit", first.pk), {"role": "billing"})
    assert refused(answer, "role")
    assert "last active administrator" in text_of(answer)
    set_blocked(actor=world.actor("shop"), user=second, is_blocked=False)
    admin.post(url("user_edit", first.pk), {"role": "billing"})
    first.refresh_from_db()
    assert first.role == Role.BILLING
    with pytest.raises(DomainError) as refusal:
        edit_user(actor=actor_for(second), user=second, values={"role": Role.NOC})
    assert refusal.value.code == "last_administrator"


def test_the_owner_may_block_the_last_administrator(world: World) -> None:
    signed_in(world.user("sub_reseller")).post(url("user_block", world.user("shop").pk))
    assert not User.objects.get(login="shop").is_active


def test_a_set_password_link_is_mailed(world: World) -> None:
    user = add_user(world, "amy")
    admin = signed_in(world.user("shop"))
    shown = text_of(admin.post(url("user_send_link", user.pk), follow=True))
    assert "A set-password link goes to amy@example.com." in shown
    assert Message.objects.get().user == user
    nobody = add_user(world, "zoe", email="")
    shown = text_of(admin.post(url("user_send_link", nobody.pk), follow=True))
    assert "no e-mail address" in shown
    assert Message.objects.count() == 1


def test_the_list_says_who_is_who(world: World) -> None:
    add_user(world, "amy", password=None)
    with_second_factor(world.user("shop"))
    blocked = add_user(world, "zoe")
    set_blocked(actor=world.actor("shop"), user=blocked, is_blocked=True)
    page = text_of(signed_in(world.user("shop")).get(url("customer_users", world.shop.pk)))
    for text in ("amy@example.com", "Invited", "Blocked", ">On<", ">Off<"):
        assert text in page
    assert "shop-1" not in page


def test_the_list_sends_as_many_statements_for_many(world: World) -> None:
    client = signed_in(world.user("shop"))
    target = url("customer_users", world.shop.pk)
    for number in range(4):
        add_user(world, f"few-{number}")
    client.get(target)
    few = count_queries(lambda: client.get(target))
    for number in range(25):
        add_user(world, f"many-{number}")
    assert count_queries(lambda: client.get(target)) == few


def test_a_login_of_an_account_is_managed_too(world: World) -> None:
    user = User.objects.get(account=world.account)
    admin = signed_in(world.user("shop"))
    assert "Login of the account" in text_of(admin.get(url("user_detail", user.pk)))
    assert 'name="role"' not in text_of(admin.get(url("user_edit", user.pk)))
    admin.post(url("user_edit", user.pk), {"name": "Reception", "email": "r@example.com"})
    admin.post(url("user_password", user.pk), {"password": "another long phrase"})
    user.refresh_from_db()
    assert (user.name, user.check_password("another long phrase")) == ("Reception", True)
    own = signed_in(user)
    for name in (*PAGES, *POSTS):
        assert own.post(url(name, user.pk)).status_code in (403, 404, 405), name


@pytest.mark.parametrize("name", [*PAGES, *POSTS])
def test_who_manages_a_login(world: World, name: str) -> None:
    """Its customer's administrators and its owner do; a stranger finds nothing."""
    user = add_user(world, "amy")
    other = add_user(world, "nora", role=Role.NOC)
    with_second_factor(user)
    expected = {"shop": 302, "sub_reseller": 302, "reseller": 403, "other_reseller": 404}
    for who, status in expected.items():
        client = signed_in(world.user(who))
        if name in POSTS:
            assert client.post(url(name, user.pk)).status_code == status, who
        else:
            read = 200 if status == 302 or (status == 403 and name == "user_detail") else status
            assert client.get(url(name, user.pk)).status_code == read, who
    assert signed_in(other).post(url(name, user.pk)).status_code in (403, 405)


def test_services_refuse_whoever_does_not_manage_the_login(world: World) -> None:
    user = add_user(world, "amy")
    for who in ("reseller", "other_reseller", "sub_customer"):
        with pytest.raises(PermissionDenied):
            edit_user(actor=world.actor(who), user=user, values={"name": "x"})
        with pytest.raises(PermissionDenied):
            set_blocked(actor=world.actor(who), user=user, is_blocked=True)
