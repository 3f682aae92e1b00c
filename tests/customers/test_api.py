"""The API of customers: tokens, rights and scopes, tenancy, errors, pages, idempotency."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils.timezone import now

from customers.models import ApiToken, AuditEvent, Customer, User
from customers.services.permissions import set_rights
from customers.services.tokens import create_token, revoke_token
from notifications.models import Message
from softswitch.core.errors import DomainError
from tariffs.models import Tariff
from tests.api import Api
from tests.world import World

pytestmark = pytest.mark.django_db
URL = "/customers"


def new_customer(world: World, **values: Any) -> dict[str, Any]:
    tariff = Tariff.objects.get(owner=world.reseller)
    return {"name": "From afar", "kind": "business", "tariff_id": tariff.pk, **values}


def test_a_token_acts_as_its_user_within_its_scopes(world: World) -> None:
    ask = Api(world, "reseller", "customers:read")
    status, page = ask("GET", URL)
    assert status == 200
    names = {row["name"] for row in page["items"]}
    assert names == {"Reseller", "Sub reseller", "Sub customer", "Shop"}
    assert ask("POST", URL, new_customer(world))[0] == 403
    assert ask("GET", "/balances")[0] == 403
    ask.token.refresh_from_db()
    assert ask.token.last_used_at is not None


def test_only_the_hash_of_a_token_is_stored(world: World) -> None:
    ask = Api(world, "reseller")
    stored = ApiToken.objects.filter(pk=ask.token.pk).values().get()
    assert not any(ask.text in str(value) for value in stored.values())


@pytest.mark.parametrize("state", ["revoked", "expired", "blocked", "closed", "address", "unknown"])
def test_a_token_that_is_no_longer_good_is_refused(world: World, state: str) -> None:
    ask = Api(world, "reseller")
    user = ask.token.user
    if state == "revoked":
        revoke_token(actor=world.actor("reseller"), token=ask.token)
    elif state == "expired":
        ApiToken.objects.update(expires_at=now() - timedelta(seconds=1))
    elif state == "blocked":
        user.is_active = False
        user.save()
    elif state == "closed":
        Customer.objects.filter(pk=world.reseller.pk).update(status="closed")
    elif state == "address":
        user.allowed_networks = ["192.0.2.0/24"]
        user.save()
    else:
        ask.text += "x"
    assert ask("GET", URL) == (401, {"code": "unauthorized", "detail": "A valid token is needed."})


def test_without_the_right_to_the_api_a_token_is_not_made_and_has_no_rights(world: World) -> None:
    ask = Api(world, "shop")
    rights = {"cdrs.view", "balance.view"}
    set_rights(actor=world.actor("sub_reseller"), customer=world.shop, rights=rights)
    assert ask("GET", "/balances")[0] == 403
    with pytest.raises(PermissionDenied):
        create_token(actor=world.actor("shop"), name="another", scopes=["money:read"])


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": " "}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"expires_at": now() - timedelta(days=1)}, "expires_at"),
    ],
)
def test_a_token_names_what_is_wrong(world: World, values: dict[str, Any], field: str) -> None:
    wanted: dict[str, Any] = {"name": "t", "scopes": ["money:read"], **values}
    with pytest.raises(DomainError) as refused:
        create_token(actor=world.actor("reseller"), **wanted)
    assert refused.value.field == field


def test_a_stranger_finds_nothing(world: World) -> None:
    ask = Api(world, "other_reseller")
    for customer in (world.reseller, world.shop, world.root):
        absent = ask("GET", f"{URL}/987654321")
        assert ask("GET", f"{URL}/{customer.pk}") == absent
        assert ask("PATCH", f"{URL}/{customer.pk}", {"status": "closed"}) == absent
        body = {"surplus": "forfeit", "reason": "x"}
        assert ask("POST", f"{URL}/{customer.pk}/archive", body) == absent
    status, page = ask("GET", f"{URL}?owner_id={world.reseller.pk}")
    assert (status, page["items"]) == (200, [])


def test_a_customer_is_opened_changed_and_archived(world: World) -> None:
    ask = Api(world, "reseller")
    body = new_customer(world, opening_balance="12.5", call_limit=10, billing_email="a@b.example")
    status, made = ask("POST", URL, body)
    assert status == 201, made
    assert (made["name"], made["call_limit"]) == ("From afar", 10)
    assert made["kept"]["internal_notes"] == ""
    key = made["id"]
    status, changed = ask("PATCH", f"{URL}/{key}", {"call_limit": None, "status": "inactive"})
    assert status == 200, changed
    assert (changed["call_limit"], changed["status"]) == (None, "inactive")
    status, page = ask("GET", f"/balances?customer_id={key}")
    assert [row["amount"] for row in page["items"]] == ["12.500000"]
    body = {"surplus": "pay_out", "reason": "test"}
    assert ask("POST", f"{URL}/{key}/archive", body) == (204, None)
    assert ask("GET", f"{URL}?name=afar")[1]["items"] == []
    actions = set(AuditEvent.objects.filter(customer=key).values_list("action", flat=True))
    assert {"customer_created", "customer_edited", "customer_archived"} <= actions


def test_a_login_without_a_password_is_mailed_its_link(world: World) -> None:
    ask = Api(world, "reseller")
    body = new_customer(world, main_email="office@afar.example", login={"login": "afar"})
    status, made = ask("POST", URL, body)
    assert status == 201, made
    letter = Message.objects.get(customer=made["id"])
    assert (letter.event, letter.recipient) == ("set_password", "office@afar.example")
    assert not User.objects.get(login="afar").has_usable_password()


def test_an_owner_changes_its_direct_customers_only(world: World) -> None:
    ask = Api(world, "reseller")
    assert ask("GET", f"{URL}/{world.shop.pk}")[0] == 200
    assert ask("PATCH", f"{URL}/{world.shop.pk}", {"status": "closed"})[0] == 403


def test_what_an_owner_keeps_is_not_shown_to_the_customer(world: World) -> None:
    Customer.objects.filter(pk=world.sub_reseller.pk).update(internal_notes="slow payer")
    status, own = Api(world, "sub_reseller")("GET", f"{URL}/{world.sub_reseller.pk}")
    assert (status, own["kept"], own["owner_id"]) == (200, None, None)
    status, seen = Api(world, "reseller")("GET", f"{URL}/{world.sub_reseller.pk}")
    assert seen["kept"]["internal_notes"] == "slow payer"


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"name": "shop "}, "taken"),
        ({"kind": "root"}, "kind"),
        ({"tariff_id": 987_654_321}, "tariff"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"language": "xx"}, "language"),
        ({"main_email": "nobody"}, "main_email"),
        ({"colour": "red"}, "colour"),
        ({"credit_limit": "-1"}, "credit_limit"),
        ({"name": "a\0b"}, "name"),
        ({"period_timezone": "Mars/Base"}, "period_timezone"),
        ({"currency": "XXX"}, "currency"),
    ],
)
def test_an_error_names_the_field_and_nothing_is_made(
    world: World, values: dict[str, Any], word: str
) -> None:
    before = Customer.objects.count()
    status, answer = Api(world, "reseller")("POST", URL, new_customer(world, **values))
    assert status == 422
    assert word in " ".join(answer.values()).lower()
    assert Customer.objects.count() == before


def test_pages_follow_each_other_by_id(world: World) -> None:
    ask = Api(world, "operator")
    seen: list[int] = []
    after: int | None = 0
    while after is not None:
        status, page = ask("GET", f"{URL}?limit=2&after={after}")
        assert status == 200
        assert len(page["items"]) <= 2
        seen += [row["id"] for row in page["items"]]
        after = page["next"]
    assert seen == sorted(Customer.objects.filter(is_root=False).values_list("pk", flat=True))


def test_the_word_before_a_token_may_be_small(world: World) -> None:
    ask = Api(world, "reseller")
    ask.scheme = "bearer"
    first = ask("POST", URL, new_customer(world), key="k-1")
    assert first[0] == 201
    assert ask("POST", URL, new_customer(world), key="k-1") == first


def test_a_key_makes_a_request_count_once(world: World) -> None:
    ask = Api(world, "reseller")
    body = new_customer(world)
    first = ask("POST", URL, body, key="k-1")
    assert first[0] == 201
    assert ask("POST", URL, body, key="k-1") == first
    assert Customer.objects.filter(name="From afar").count() == 1
    status, answer = ask("POST", URL, new_customer(world, name="Another"), key="k-1")
    assert (status, answer["code"]) == (409, "key_used")
    refused = ask("POST", URL, new_customer(world, name="Shop"), key="k-2")
    assert refused[0] == 422
    assert ask("POST", URL, new_customer(world, name="Later"), key="k-2")[0] == 201
