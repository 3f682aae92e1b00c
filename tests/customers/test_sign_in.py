"""Signing in: what is written down, allowed addresses, sessions that are listed and ended."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from customers.models import SignIn, UserSession
from customers.services.customers import set_status
from customers.services.sessions import end_session, purge
from customers.services.users import change_password, edit_user, set_blocked
from customers.tasks import purge_sign_ins
from tests.security.people import AGENT, is_signed_in, try_password
from tests.security.portal import signed_in, text_of
from tests.world import PASSWORD, World

OFFICE = "192.0.2.7"


def outcomes(login: str) -> list[str]:
    return list(SignIn.objects.filter(login=login).order_by("pk").values_list("outcome", flat=True))


def allow(world: World, who: str, *networks: str) -> None:
    owner = world.actor("sub_reseller")
    edit_user(actor=owner, user=world.user(who), values={"allowed_networks": list(networks)})


def test_each_try_is_written_down(world: World) -> None:
    try_password("Shop ", "wrong", REMOTE_ADDR=OFFICE)
    try_password("shop")
    try_password("nobody", "x" * 50)
    set_status(actor=world.actor("sub_reseller"), customer=world.shop, status="closed")
    try_password("shop")
    try_password("shop", "wrong")
    assert outcomes("shop") == ["password", "ok", "blocked", "blocked"]
    first = SignIn.objects.filter(login="shop").earliest("pk")
    assert (first.user, first.ip, first.agent) == (world.user("shop"), OFFICE, AGENT)
    assert SignIn.objects.get(login="nobody").user is None


def test_what_a_browser_says_is_cut(world: World) -> None:
    client = Client(HTTP_USER_AGENT="x" * 5000)
    try_password("shop", client=client)
    try_password("y" * 400, "wrong")
    assert len(SignIn.objects.get(login="shop").agent) == 300
    assert len(UserSession.objects.get(user=world.user("shop")).agent) == 300


def test_too_many_tries_are_written_as_such(world: World, settings: Any) -> None:
    settings.AXES_ENABLED = True
    for _try in range(8):
        try_password("shop", "wrong")
    assert try_password("shop")[1].status_code == 429
    assert outcomes("shop") == ["password"] * 7 + ["throttled"] * 2


@pytest.mark.parametrize(
    ("networks", "address", "is_in"),
    [
        (["192.0.2.7"], OFFICE, True),
        (["192.0.2.0/24", "2001:db8::/32"], "2001:db8::9", True),
        (["192.0.2.0/24"], "::ffff:192.0.2.9", True),
        (["192.0.2.0/24"], "198.51.100.1", False),
        (["2001:db8::/32"], OFFICE, False),
        ([], "198.51.100.1", True),
    ],
)
def test_only_allowed_addresses_sign_in(
    world: World, networks: list[str], address: str, is_in: bool
) -> None:
    allow(world, "shop", *networks)
    client, _answer = try_password("shop", REMOTE_ADDR=address)
    assert is_signed_in(client, REMOTE_ADDR=address) is is_in
    assert outcomes("shop") == ["ok" if is_in else "address"]


def test_a_foreign_address_reads_like_a_wrong_password(world: World) -> None:
    allow(world, "shop", "192.0.2.0/24")
    shown = [
        text_of(try_password("shop", password)[1]).partition("<form")[0]
        for password in (PASSWORD, "wrong")
    ]
    assert "Login or password is wrong" in shown[0]
    assert shown[0] == shown[1]


def test_a_right_password_from_elsewhere_is_throttled_too(world: World, settings: Any) -> None:
    """Else a missing lockout would tell that the password is right."""
    settings.AXES_ENABLED = True
    allow(world, "shop", "192.0.2.0/24")
    answers = [try_password("shop")[1].status_code for _try in range(9)]
    assert answers[6:] == [200, 429, 429]


def test_a_session_ends_at_an_address_that_is_not_allowed(world: World) -> None:
    client, _answer = try_password("shop", REMOTE_ADDR=OFFICE)
    allow(world, "shop", "192.0.2.0/24")
    assert is_signed_in(client, REMOTE_ADDR=OFFICE)
    assert not is_signed_in(client, REMOTE_ADDR="198.51.100.1")
    assert not is_signed_in(client, REMOTE_ADDR=OFFICE)
    assert not UserSession.objects.exists()


def test_a_session_is_listed_with_its_last_use(world: World) -> None:
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False) as clock:
        client, _answer = try_password("shop")
        clock.shift(timedelta(minutes=4))
        client.get(reverse("dashboard"))
        row = UserSession.objects.get(user=world.user("shop"))
        assert row.last_seen_at == row.created_at
        clock.shift(timedelta(minutes=2))
        client.get(reverse("dashboard"), REMOTE_ADDR=OFFICE)
        row.refresh_from_db()
        assert row.last_seen_at - row.created_at == timedelta(minutes=6)
        assert (row.ip, row.agent) == (OFFICE, AGENT)
        client.post(reverse("logout"))
    assert not UserSession.objects.exists()


def test_the_key_of_a_session_changes_with_its_rights(world: World) -> None:
    client, _answer = try_password("reseller")
    keys = {client.session.session_key}
    client.post(reverse("customers:switch_to", args=[world.sub_reseller.pk]))
    keys.add(client.session.session_key)
    client.post(reverse("customers:switch_back"))
    keys.add(client.session.session_key)
    password = {
        "current": PASSWORD,
        "password": "a brand new phrase",
        "again": "a brand new phrase",
    }
    client.post(reverse("customers:password"), password)
    keys.add(client.session.session_key)
    assert len(keys) == 4
    assert UserSession.objects.get().session_key == client.session.session_key
    assert is_signed_in(client)


def test_switching_is_no_sign_in(world: World) -> None:
    client, _answer = try_password("reseller")
    before = world.user("reseller").last_login
    client.post(reverse("customers:switch_to", args=[world.sub_reseller.pk]))
    assert world.user("reseller").last_login == before
    assert world.user("sub_reseller").last_login is None
    assert SignIn.objects.count() == 1


def test_one_session_is_ended_from_another(world: World) -> None:
    here, _answer = try_password("shop")
    there, _answer = try_password("shop")
    other = UserSession.objects.exclude(session_key=here.session.session_key).get()
    page = here.get(reverse("customers:own_sessions")).content.decode()
    assert page.count("Firefox, Linux") == 2
    assert page.count("This session") == 1
    here.post(reverse("customers:session_end", args=[other.pk]))
    assert is_signed_in(here)
    assert not is_signed_in(there)
    mine = UserSession.objects.get()
    answer = here.post(reverse("customers:session_end", args=[mine.pk]))
    assert answer.headers["Location"] == reverse("login")
    assert not is_signed_in(here)


def test_one_logs_out_everywhere(world: World) -> None:
    here, _answer = try_password("shop")
    there, _answer = try_password("shop")
    answer = here.post(reverse("customers:user_log_out", args=[world.user("shop").pk]), follow=True)
    assert "Signed out everywhere." in answer.content.decode()
    assert not is_signed_in(here)
    assert not is_signed_in(there)
    assert not Session.objects.filter(session_key=there.session.session_key).exists()


def test_the_owner_sees_and_ends_the_sessions_of_its_customer(world: World) -> None:
    user = world.user("shop")
    client, _answer = try_password("shop")
    owner = signed_in(world.user("sub_reseller"))
    assert "Firefox" in text_of(owner.get(reverse("customers:user_sessions", args=[user.pk])))
    assert "Signed in" in text_of(owner.get(reverse("customers:user_sign_ins", args=[user.pk])))
    owner.post(reverse("customers:user_log_out", args=[user.pk]))
    assert not is_signed_in(client)


def test_nobody_else_sees_or_ends_them(world: World) -> None:
    user = world.user("shop")
    try_password("shop")
    session = UserSession.objects.get()
    for who, status in (("reseller", 403), ("other_reseller", 404)):
        client = signed_in(world.user(who))
        for name, key in (("user_sessions", user.pk), ("user_sign_ins", user.pk)):
            assert client.get(reverse(f"customers:{name}", args=[key])).status_code == status
        for name, key in (("user_log_out", user.pk), ("session_end", session.pk)):
            assert client.post(reverse(f"customers:{name}", args=[key])).status_code == status
    with pytest.raises(PermissionDenied):
        end_session(actor=world.actor("reseller"), session=session)
    assert UserSession.objects.count() == 1


def test_a_new_password_and_a_block_end_the_listed_sessions(world: World) -> None:
    owner = world.actor("sub_reseller")
    client, _answer = try_password("shop")
    change_password(actor=owner, user=world.user("shop"), password="a brand new phrase")
    assert not is_signed_in(client)
    client, _answer = try_password("shop", "a brand new phrase")
    assert is_signed_in(client)
    set_blocked(actor=owner, user=world.user("shop"), is_blocked=True)
    assert not is_signed_in(client)
    assert not UserSession.objects.exists()


def test_what_is_old_is_purged(world: World) -> None:
    client, _answer = try_password("shop")
    gone, _answer = try_password("shop")
    Session.objects.filter(session_key=gone.session.session_key).update(expire_date=now())
    old = SignIn.objects.earliest("pk")
    SignIn.objects.filter(pk=old.pk).update(at=now() - timedelta(days=401))
    purge_sign_ins()
    assert [row.session_key for row in UserSession.objects.all()] == [client.session.session_key]
    assert not SignIn.objects.filter(pk=old.pk).exists()
    assert SignIn.objects.count() == 1
    assert is_signed_in(client)
    purge()
    assert settings.CELERY_BEAT_SCHEDULE["purge-sign-ins"]["task"] == "customers.purge_sign_ins"


def test_an_account_user_sees_its_own_sessions(world: World) -> None:
    client, _answer = try_password("shop-1")
    try_password("shop")
    assert text_of(client.get(reverse("customers:own_sessions"))).count("Firefox, Linux") == 1
    mine = UserSession.objects.get(user__account=world.account)
    assert client.get(reverse("customers:own_sign_ins")).status_code == 200
    client.post(reverse("customers:session_end", args=[mine.pk]))
    assert not is_signed_in(client)


def test_a_password_does_not_hold_the_login(world: World) -> None:
    client = signed_in(world.user("shop"))
    sent = {"current": PASSWORD, "password": "corner shop forever", "again": "corner shop forever"}
    answer = client.post(reverse("customers:password"), sent)
    assert answer.status_code == 422
    assert "The password must not contain the login." in answer.content.decode()
    assert "At least 10 characters" in answer.content.decode()
