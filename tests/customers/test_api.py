"""The API of customers: tokens, rights and scopes, tenancy, errors, pages, idempotency."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils.timezone import now

from customers.models import (
    ApiToken,
    AuditEvent,
    BusinessModel,
    Customer,
    CustomerClass,
    CustomField,
    User,
)
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


@pytest.fixture
def defined(world: World) -> dict[str, Any]:
    """A business model and a class with two fields of the reseller's, as a request names them."""
    model = BusinessModel.objects.create(
        owner=world.reseller, name="PBX", kinds=["business"], rights=["api.access"]
    )
    retail = CustomerClass.objects.create(owner=world.reseller, name="Retail class")
    make = partial(CustomField.objects.create, customer_class=retail)
    make(name="Licence", kind="text", is_mandatory=True, visibility="edit")
    make(name="Since", kind="date", default="2026-01-01")
    return {"business_model_id": model.pk, "customer_class_id": retail.pk}


def test_a_customer_is_opened_with_model_class_and_custom_fields(
    world: World, defined: dict[str, Any]
) -> None:
    ask = Api(world, "reseller")
    body = new_customer(world, custom_fields={"licence": "LX-7"}, **defined)
    status, made = ask("POST", URL, body)
    assert status == 201, made
    assert made["custom_fields"] == {"Licence": "LX-7", "Since": "2026-01-01"}
    assert {name: made["kept"][name] for name in defined} == defined
    key = made["id"]
    status, changed = ask("PATCH", f"{URL}/{key}", {"custom_fields": {"Since": "2026-11-21"}})
    assert status == 200, changed
    assert changed["custom_fields"] == {"Licence": "LX-7", "Since": "2026-11-21"}
    status, changed = ask("PATCH", f"{URL}/{key}", {"customer_class_id": None})
    assert (status, changed["custom_fields"]) == (200, {})
    assert changed["kept"]["customer_class_id"] is None
    status, answer = ask("PATCH", f"{URL}/{key}", {"business_model_id": None, "kind": "reseller"})
    assert status == 200, answer


@pytest.mark.parametrize(
    ("values", "field", "detail"),
    [
        ({"business_model_id": None}, "business_model_id", "Choose a business model."),
        ({"kind": "reseller"}, "kind", "PBX is not for this kind."),
        ({"custom_fields": {}}, "custom_fields.Licence", "Fill in Licence."),
        ({"custom_fields": {"Licence": ""}}, "custom_fields.Licence", "Fill in Licence."),
        ({"custom_fields": {"Colour": "red"}}, "custom_fields.Colour", "There is no such field."),
        ({"customer_class_id": None}, "custom_fields.Licence", "There is no such field."),
        (
            {"custom_fields": {"Licence": "x", "Since": "soon"}},
            "custom_fields.Since",
            "Enter a day such as 2026-11-21.",
        ),
    ],
)
def test_what_the_page_refuses_of_definitions_is_refused_here(
    world: World, defined: dict[str, Any], values: dict[str, Any], field: str, detail: str
) -> None:
    body = new_customer(world, **defined, custom_fields={"Licence": "LX-7"}) | values
    status, answer = Api(world, "reseller")("POST", URL, body)
    assert (status, answer["field"], answer["detail"]) == (422, field, detail)
    assert not Customer.objects.filter(name="From afar").exists()


def test_definitions_of_others_are_like_none(world: World, defined: dict[str, Any]) -> None:
    ask, key = Api(world, "reseller"), world.sub_customer.pk
    for name in defined:
        foreign = [
            BusinessModel.objects.create(owner=owner, name="PBX", kinds=["business"]).pk
            if name == "business_model_id"
            else CustomerClass.objects.create(owner=owner, name="Theirs").pk
            for owner in (world.root, world.sub_reseller, world.other_reseller)
        ]
        for method, path in (("POST", URL), ("PATCH", f"{URL}/{key}")):
            body = new_customer(world, **defined) if method == "POST" else {}
            absent = ask(method, path, body | {name: 987_654_321})
            assert (absent[0], absent[1]["field"]) == (422, name)
            for row in foreign:
                assert ask(method, path, body | {name: row}) == absent


def test_another_class_asks_for_its_fields(world: World, defined: dict[str, Any]) -> None:
    ask, key = Api(world, "reseller"), world.sub_customer.pk
    change = {"customer_class_id": defined["customer_class_id"]}
    status, answer = ask("PATCH", f"{URL}/{key}", change)
    assert (status, answer["field"]) == (422, "custom_fields.Licence")
    status, answer = ask("PATCH", f"{URL}/{key}", change | {"custom_fields": {"Licence": "LX-8"}})
    assert (status, answer["custom_fields"]["Licence"]) == (200, "LX-8")


def test_of_itself_a_customer_sees_and_sets_the_fields_that_it_may(
    world: World, defined: dict[str, Any]
) -> None:
    key = world.sub_customer.pk
    change = {**defined, "custom_fields": {"Licence": "LX-8", "Since": "2026-02-02"}}
    assert Api(world, "reseller")("PATCH", f"{URL}/{key}", change)[0] == 200
    ask = Api(world, "sub_customer")
    assert ask("GET", f"{URL}/{key}")[1]["custom_fields"] == {"Licence": "LX-8"}
    status, own = ask("PATCH", f"{URL}/{key}", {"custom_fields": {"Licence": "LX-9"}})
    assert (status, own["custom_fields"]) == (200, {"Licence": "LX-9"})
    hidden, absent = (
        ask("PATCH", f"{URL}/{key}", {"custom_fields": {name: "x"}}) for name in ("Since", "Until")
    )
    assert hidden[0] == absent[0] == 422
    assert hidden[1]["code"] == absent[1]["code"] == "not_found"
    assert ask("PATCH", f"{URL}/{key}", {"business_model_id": None})[0] == 403


def test_personal_data_is_masked_for_who_may_not_edit(
    world: World, defined: dict[str, Any]
) -> None:
    CustomField.objects.filter(name="Licence").update(is_personal=True)
    address = f"{URL}/{world.sub_customer.pk}"
    change = {**defined, "custom_fields": {"Licence": "LX-8"}}
    status, seen = Api(world, "reseller")("PATCH", address, change)
    assert (status, seen["custom_fields"]["Licence"]) == (200, "LX-8")
    reads = Api(world, "reseller", "customers:read")
    assert reads("GET", address)[1]["custom_fields"]["Licence"] == "•••"


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
