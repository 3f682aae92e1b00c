"""The second factor: set up, asked for at sign-in, recovered, renewed, reset, turned off."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from axes.models import AccessAttempt
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from customers.models import AuditEvent, SignIn
from customers.selectors import actor_for
from customers.selectors.second_factor import set_up_of
from customers.selectors.sign_in import second_factor_of
from customers.services.second_factor import (
    check_code,
    new_key,
    reset_second_factor,
    turn_off,
    turn_on,
)
from customers.services.users import change_password
from softswitch.core.errors import DomainError
from tests.security.people import (
    code_of,
    forget_throttle,
    is_signed_in,
    next_code,
    try_password,
    with_second_factor,
)
from tests.security.portal import signed_in, text_of
from tests.world import PASSWORD, World

CODE = "login_code"


def last_outcome() -> str:
    return SignIn.objects.latest("pk").outcome


def test_set_up_on_the_page_shows_the_recovery_codes_once(world: World) -> None:
    user = world.user("shop")
    client, _answer = try_password("shop")
    url = reverse("customers:second_factor_set_up")
    page = text_of(client.get(url))
    key = client.session["second_factor_key"]
    assert set_up_of(user, key).text in page
    assert 'src="data:image/svg+xml' in page
    wrong = client.post(url, {"code": "000000"})
    assert wrong.status_code == 422
    assert second_factor_of(user) is None
    assert set_up_of(user, key).text in text_of(wrong)
    before = client.session.session_key
    shown = text_of(client.post(url, {"code": code_of(key)}))
    codes = StaticToken.objects.filter(device__user=user)
    assert codes.count() == 10
    assert shown.count("<li>") >= 10
    assert not any(token.token in shown for token in codes)
    assert client.session.session_key != before
    assert "second_factor_key" not in client.session
    assert "10 recovery codes are left" in text_of(client.get(reverse("customers:second_factor")))


def test_nobody_is_signed_in_before_the_code(world: World) -> None:
    user = world.user("shop")
    with_second_factor(user)
    client, answer = try_password("shop", HTTP_REFERER="")
    assert answer.headers["Location"] == reverse(CODE)
    assert not is_signed_in(client)
    assert world.user("shop").last_login is None
    wrong = client.post(reverse(CODE), {"code": "000000"})
    assert "This code is wrong" in text_of(wrong)
    assert last_outcome() == "code"
    assert not is_signed_in(client)
    forget_throttle(user)
    answer = client.post(reverse(CODE), {"code": next_code(user)})
    assert answer.headers["Location"] == reverse("dashboard")
    assert last_outcome() == "ok"
    assert is_signed_in(client)


def test_the_code_page_leads_where_one_wanted_to_go(world: World) -> None:
    with_second_factor(world.user("shop"))
    client = Client()
    target = reverse("customers:company")
    sent = {"username": "shop", "password": PASSWORD, "next": target}
    step = client.post(reverse("login"), sent).headers["Location"]
    answer = client.post(step, {"code": next_code(world.user("shop"))})
    assert answer.headers["Location"] == target
    with_second_factor(world.user("sub_reseller"))
    evil = Client()
    sent = {"username": "sub-reseller", "password": PASSWORD}
    evil.post(reverse("login"), sent)
    answer = evil.post(
        reverse(CODE) + "?next=https://evil.example/",
        {"code": next_code(world.user("sub_reseller"))},
    )
    assert answer.headers["Location"] == reverse("dashboard")


def test_the_code_page_is_for_those_who_gave_a_password(world: World) -> None:
    assert Client().get(reverse(CODE)).headers["Location"] == reverse("login")
    with_second_factor(world.user("shop"))
    client, _answer = try_password("shop")
    change_password(
        actor=world.actor("sub_reseller"), user=world.user("shop"), password="a brand new phrase"
    )
    assert client.get(reverse(CODE)).status_code == 302
    late, _answer = try_password("shop", "a brand new phrase")
    with time_machine.travel(timedelta(minutes=11), tick=False):
        assert late.get(reverse(CODE)).status_code == 302
    elsewhere, _answer = try_password("shop", "a brand new phrase")
    user = world.user("shop")
    user.allowed_networks = ["192.0.2.0/24"]
    user.save()
    assert elsewhere.get(reverse(CODE)).status_code == 302


def test_a_code_is_good_once(world: World) -> None:
    user = world.user("shop")
    with_second_factor(user)
    code = next_code(user)
    assert check_code(user=user, code=f" {code[:3]} {code[3:]} ")
    assert not check_code(user=user, code=code)


def test_a_recovery_code_is_good_once_however_it_is_written(world: World) -> None:
    user = world.user("shop")
    codes = with_second_factor(user)
    client, _answer = try_password("shop")
    client.post(reverse(CODE), {"code": codes[0].upper().replace("-", " ")})
    assert is_signed_in(client)
    again, _answer = try_password("shop")
    again.post(reverse(CODE), {"code": codes[0]})
    assert not is_signed_in(again)
    assert StaticToken.objects.filter(device__user=user).count() == 9


def test_codes_are_no_other_users(world: World) -> None:
    codes = with_second_factor(world.user("shop"))
    with_second_factor(world.user("sub_reseller"))
    assert not check_code(user=world.user("sub_reseller"), code=codes[0])
    assert not check_code(user=world.user("reseller"), code=codes[0])
    assert not check_code(user=world.user("reseller"), code="123456")


def test_wrong_codes_make_the_next_try_wait(world: World) -> None:
    user = world.user("shop")
    with_second_factor(user)
    good = next_code(user)
    assert not check_code(user=user, code="000000")
    assert not check_code(user=user, code=good)
    forget_throttle(user)
    assert check_code(user=user, code=good)


def test_guessing_codes_locks_the_login_out(world: World, settings: Any) -> None:
    settings.AXES_ENABLED = True
    user = world.user("shop")
    with_second_factor(user)
    client, _answer = try_password("shop")
    answers = [client.post(reverse(CODE), {"code": "000000"}).status_code for _try in range(9)]
    assert answers[6:] == [200, 429, 429]
    forget_throttle(user)
    assert client.post(reverse(CODE), {"code": next_code(user)}).status_code == 429
    assert last_outcome() == "throttled"
    assert try_password("shop")[1].status_code == 429
    assert not any("000000" in attempt.post_data for attempt in AccessAttempt.objects.all())


def test_turning_off_wants_the_password_and_a_code(world: World) -> None:
    user = world.user("shop")
    codes = with_second_factor(user)
    client = signed_in(user)
    url = reverse("customers:second_factor_off")
    for sent, field in (
        ({"current": "wrong", "code": codes[0]}, "current"),
        ({"current": PASSWORD, "code": "nonsense"}, "code"),
    ):
        answer = client.post(url, sent)
        assert answer.status_code == 422
        assert f'id="id_{field}_error"' in text_of(answer)
    assert second_factor_of(user) is not None
    client.post(url, {"current": PASSWORD, "code": next_code(user)})
    assert second_factor_of(user) is None
    assert not StaticToken.objects.exists()
    assert AuditEvent.objects.latest("pk").action == "second_factor_off"


def test_a_wrong_code_on_a_form_is_counted(world: World) -> None:
    user = world.user("shop")
    with_second_factor(user)
    sent = {"current": PASSWORD, "code": "000000"}
    signed_in(user).post(reverse("customers:second_factor_off"), sent)
    assert TOTPDevice.objects.get(user=user).throttling_failure_count == 1


def test_new_recovery_codes_end_the_old_ones(world: World) -> None:
    user = world.user("shop")
    old = with_second_factor(user)
    client = signed_in(user)
    shown = text_of(client.post(reverse("customers:second_factor_codes"), {"code": old[0]}))
    assert "shown only now" in shown
    assert not check_code(user=user, code=old[1])
    assert StaticToken.objects.filter(device__user=user).count() == 10


def test_only_a_proven_key_turns_it_on(world: World) -> None:
    actor = world.actor("shop")
    with pytest.raises(DomainError) as refused:
        turn_on(actor=actor, key="", code="123456")
    assert refused.value.code == "no_key"
    with pytest.raises(DomainError) as refused:
        turn_on(actor=actor, key=new_key(), code="12345x")
    assert (refused.value.code, refused.value.field) == ("wrong_code", "code")
    with_second_factor(world.user("shop"))
    with pytest.raises(DomainError) as refused:
        with_second_factor(world.user("shop"))
    assert refused.value.code == "is_on"
    with pytest.raises(DomainError) as refused:
        turn_off(actor=world.actor("reseller"), code="123456")
    assert refused.value.code == "is_off"


def test_whoever_manages_a_login_resets_its_second_factor(world: World) -> None:
    user = world.user("shop")
    with_second_factor(user)
    owner = signed_in(world.user("sub_reseller"))
    url = reverse("customers:user_second_factor", args=[user.pk])
    assert "the password alone signs in" in text_of(owner.get(url))
    owner.post(url)
    assert second_factor_of(user) is None
    client, _answer = try_password("shop")
    assert is_signed_in(client)
    assert "Two-step sign-in is off." in text_of(owner.post(url, follow=True))


def test_nobody_else_resets_it(world: World) -> None:
    user = world.user("shop")
    with_second_factor(user)
    url = reverse("customers:user_second_factor", args=[user.pk])
    assert signed_in(world.user("other_reseller")).post(url).status_code == 404
    assert signed_in(world.user("reseller")).post(url).status_code == 403
    assert signed_in(user).post(url).status_code == 403
    with pytest.raises(PermissionDenied):
        reset_second_factor(actor=actor_for(user), user=user)
    assert second_factor_of(user) is not None


def test_no_second_factor_is_seen_or_changed_while_switched(world: World) -> None:
    mine, theirs = world.user("reseller"), world.user("sub_reseller")
    with_second_factor(theirs)
    client = signed_in(mine)
    client.post(reverse("customers:switch_to", args=[world.sub_reseller.pk]))
    for name in (
        "second_factor",
        "second_factor_set_up",
        "own_sessions",
        "own_sign_ins",
        "password",
    ):
        assert client.get(reverse(f"customers:{name}")).status_code == 403, name
    for name in ("user_second_factor", "user_sessions", "user_edit", "user_password"):
        url = reverse(f"customers:{name}", args=[theirs.pk])
        assert client.get(url).status_code == 403, name
    for name in ("user_block", "user_send_link", "user_log_out", "user_second_factor"):
        url = reverse(f"customers:{name}", args=[theirs.pk])
        assert client.post(url).status_code == 403, name
    for url in (
        reverse("customers:customer_users", args=[world.sub_reseller.pk]),
        reverse("customers:user_detail", args=[theirs.pk]),
    ):
        assert "wo-step" not in text_of(client.get(url))
    assert second_factor_of(theirs) is not None
