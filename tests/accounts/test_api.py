"""The API of accounts, trunks, hosts and vouchers: the services of the pages behind it."""

from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Account, Host, Trunk, Voucher
from notifications.models import Message
from tests.api import Api
from tests.world import World, tariff_with_rates

pytestmark = pytest.mark.django_db
HOST = {"network": "198.51.100.7", "tech_prefix": "99"}


def new_batch(**values: Any) -> dict[str, Any]:
    return {"name": "Spring", "count": 3, "value": "5", "currency": "GBP", **values}


def test_an_account_is_opened_changed_charged_and_archived(world: World) -> None:
    ask = Api(world, "shop")
    body = {"auth_name": "shop-api", "sip_password": "a good secret", "max_sessions": 2}
    status, made = ask("POST", "/accounts", body)
    assert status == 201, made
    assert (made["charging"], made["max_sessions"]) == ("with_customer", 2)
    assert "a good secret" not in str(made)
    path = f"/accounts/{made['id']}"
    changed = ask("PATCH", path, {"max_sessions": None, "status": "inactive"})[1]
    assert (changed["max_sessions"], changed["status"]) == (None, "inactive")
    assert ask("PUT", f"{path}/charging", {"by_itself": None})[0] == 200
    assert ask("POST", f"{path}/archive", {}) == (204, None)
    assert ask("GET", path)[0] == 404
    assert ask("GET", "/accounts?auth_name=api")[1]["items"] == []


def test_an_account_charged_by_itself_has_its_balance(world: World) -> None:
    ask = Api(world, "sub_reseller")
    own = tariff_with_rates(world.sub_reseller, "Lines", "GBP")
    terms = {"tariff_id": own.pk, "opening_balance": "7.5"}
    body = {"auth_name": "line-1", "by_itself": terms}
    status, made = ask("POST", "/accounts", body)
    assert (status, made.get("charging")) == (201, "by_itself"), made
    rows = ask("GET", f"/balances?account_id={made['id']}")[1]["items"]
    assert [Decimal(row["amount"]) for row in rows] == [Decimal("7.5")]
    refused = ask("POST", f"/accounts/{made['id']}/archive", {"reason": "test"})
    assert (refused[0], refused[1]["field"]) == (422, "surplus")


def test_a_login_without_a_password_is_mailed_its_link(world: World) -> None:
    login = {"login": "line-user", "email": "line@shop.example"}
    ask = Api(world, "shop")
    status, made = ask("POST", "/accounts", {"auth_name": "line-9", "login": login})
    assert status == 201, made
    message = Message.objects.get(user__login="line-user")
    assert (message.recipient, message.event) == ("line@shop.example", "set_password")
    assert message.user is not None
    assert not message.user.has_usable_password()
    missing = {"login": "other-user"}
    refused = ask("POST", "/accounts", {"auth_name": "line-10", "login": missing})
    assert (refused[0], refused[1]["field"]) == (422, "email")
    assert not Account.objects.filter(auth_name="line-10").exists()


def test_a_wrong_calendar_is_named(world: World) -> None:
    own = tariff_with_rates(world.sub_reseller, "Lines", "GBP")
    terms = {"tariff_id": own.pk, "period_timezone": "Mars/Base"}
    body = {"auth_name": "line-1", "by_itself": terms}
    status, answer = Api(world, "sub_reseller")("POST", "/accounts", body)
    assert (status, answer["field"]) == (422, "period_timezone")


def test_a_trunk_with_hosts(world: World) -> None:
    ask = Api(world, "sub_reseller")
    body = {"customer_id": world.shop.pk, "name": "Main", "call_limit": 5, "hosts": [HOST]}
    status, trunk = ask("POST", "/trunks", body)
    assert status == 201, trunk
    hosts = ask("GET", f"/hosts?trunk_id={trunk['id']}")[1]["items"]
    assert [(row["network"], row["tech_prefix"]) for row in hosts] == [("198.51.100.7/32", "99")]
    status, more = ask("POST", f"/trunks/{trunk['id']}/hosts", {"network": "2001:db8::/48"})
    assert status == 201, more
    status, moved = ask("PATCH", f"/hosts/{more['id']}", {"network": "2001:db8:1::/48"})
    assert status == 200
    assert moved["id"] != more["id"]
    assert ask("DELETE", f"/hosts/{moved['id']}") == (204, None)
    assert ask("PATCH", f"/trunks/{trunk['id']}", {"call_limit": None})[1]["call_limit"] is None
    assert ask("POST", f"/trunks/{trunk['id']}/archive") == (204, None)
    assert ask("GET", "/hosts")[1]["items"] == []


def test_an_address_leads_to_one_trunk_and_the_other_is_not_named(world: World) -> None:
    first = Api(world, "sub_reseller")
    first("POST", "/trunks", {"customer_id": world.shop.pk, "name": "Main", "hosts": [HOST]})
    status, answer = Api(world, "other_reseller")("POST", "/trunks", {"name": "x", "hosts": [HOST]})
    assert status == 422
    assert answer == {"code": "taken", "detail": "This address is taken.", "field": "network"}
    assert Trunk.objects.count() == 1


def test_vouchers_are_made_exported_once_blocked_and_redeemed(world: World) -> None:
    ask = Api(world, "sub_reseller")
    status, batch = ask("POST", "/voucher-batches", new_batch())
    assert (status, batch["is_made"]) == (201, True), batch
    status, pins = ask("POST", f"/voucher-batches/{batch['id']}/pins", key="once")
    assert (status, len(pins)) == (200, 3)
    again = ask("POST", f"/voucher-batches/{batch['id']}/pins", key="once")
    assert (again[0], again[1]["code"]) == (422, "exported")
    voucher = Voucher.objects.get(serial=pins[0]["serial"])
    assert ask("POST", f"/vouchers/{voucher.pk}/block")[1]["state"] == "blocked"
    balance = world.balance("shop")
    redeem = {"balance_id": balance.pk, "pin": pins[0]["pin"]}
    own = Api(world, "shop")
    assert own("POST", "/vouchers/redeem", redeem)[1]["code"] == "pin"
    assert ask("POST", f"/vouchers/{voucher.pk}/unblock")[1]["state"] == "active"


@pytest.mark.parametrize(
    ("values", "field"),
    [({"currency": "XYZ"}, "currency"), ({"count": 0}, "count"), ({"name": " "}, "name")],
)
def test_a_wrong_batch_names_the_field(world: World, values: dict[str, Any], field: str) -> None:
    status, answer = Api(world, "sub_reseller")("POST", "/voucher-batches", new_batch(**values))
    assert status == 422
    assert field in " ".join(answer.values())


@pytest.mark.django_db(transaction=True)
def test_a_pin_pays_once(world: World) -> None:
    ask = Api(world, "sub_reseller")
    batch = ask("POST", "/voucher-batches", new_batch(count=1))[1]
    pin = ask("POST", f"/voucher-batches/{batch['id']}/pins")[1][0]["pin"]
    balance = world.balance("shop")
    own = Api(world, "shop")
    body = {"balance_id": balance.pk, "pin": pin}
    status, paid = own("POST", "/vouchers/redeem", body, key="same")
    assert (status, Decimal(paid["balance_after"])) == (201, Decimal(105))
    assert own("POST", "/vouchers/redeem", body, key="same")[0] == 422


def test_a_stranger_finds_nothing_of_them(world: World) -> None:
    owner, stranger = Api(world, "sub_reseller"), Api(world, "other_reseller")
    owner("POST", "/trunks", {"customer_id": world.shop.pk, "name": "Main", "hosts": [HOST]})
    batch = owner("POST", "/voucher-batches", new_batch())[1]
    trunk, host, voucher = Trunk.objects.get(), Host.objects.get(), Voucher.objects.earliest("pk")
    account = Account.objects.get(pk=world.account.pk)
    for listed in ("/accounts", "/trunks", "/hosts", "/vouchers", "/voucher-batches"):
        assert stranger("GET", listed)[1]["items"] == []
    for method, path, body in (
        ("GET", f"/accounts/{account.pk}", None),
        ("PATCH", f"/accounts/{account.pk}", {"status": "inactive"}),
        ("PUT", f"/accounts/{account.pk}/charging", {"by_itself": None}),
        ("POST", f"/accounts/{account.pk}/archive", {}),
        ("GET", f"/trunks/{trunk.pk}", None),
        ("PATCH", f"/trunks/{trunk.pk}", {"name": "Mine"}),
        ("POST", f"/trunks/{trunk.pk}/hosts", {"network": "203.0.113.1"}),
        ("POST", f"/trunks/{trunk.pk}/archive", None),
        ("PATCH", f"/hosts/{host.pk}", {"status": "inactive"}),
        ("DELETE", f"/hosts/{host.pk}", None),
        ("GET", f"/voucher-batches/{batch['id']}", None),
        ("POST", f"/voucher-batches/{batch['id']}/pins", None),
        ("POST", f"/vouchers/{voucher.pk}/block", None),
        ("POST", "/accounts", {"customer_id": world.shop.pk, "auth_name": "x"}),
        ("POST", "/trunks", {"customer_id": world.shop.pk, "name": "x"}),
        ("POST", "/vouchers/redeem", {"balance_id": world.balance("shop").pk, "pin": "1"}),
    ):
        assert stranger(method, path, body)[0] == 404, (method, path)
    assert Host.objects.get(pk=host.pk).valid_till is None
