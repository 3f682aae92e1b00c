"""Switches ask whether a call may start: by their token, in JSON, strictly read."""

import json
from typing import Any

import pytest
from django.test import Client

from billing.models import Balance
from calls.models import Call, Switch
from calls.services.switches import create_switch, edit_switch
from customers.services.tokens import create_token
from tests.world import World

pytestmark = pytest.mark.django_db
URL = "/api/v1/authorize"
ASKED = {
    "auth_name": "shop-1",
    "source_ip": "192.0.2.7:5060",
    "called": "+44 20 7946 0000",
    "caller": "+4420111222",
    "setup_at": "2026-03-10T12:00:00Z",
}


@pytest.fixture
def token(world: World) -> str:
    Balance.objects.update(amount=1000)
    return create_switch(actor=world.actor("operator"), name="core-1")[1]


def post(token: str, body: Any, **options: Any) -> tuple[int, Any]:
    """Ask as a switch does, without cookies and CSRF token; the status and the answer."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    client = Client(enforce_csrf_checks=True, headers=headers)
    response = client.post(URL, data, content_type="application/json", **options)
    return response.status_code, response.json()


def test_a_call_is_allowed_for_so_many_seconds(token: str, world: World) -> None:
    Balance.objects.filter(customer=world.shop).update(amount="0.30")
    assert post(token, ASKED) == (
        200,
        {
            "allowed": True,
            "max_seconds": 396,
            "customer_id": world.shop.pk,
            "account_id": world.account.pk,
            "trunk_id": None,
            "called_number": "442079460000",
            "tech_prefix": "",
            "caller_number": "4420111222",
            "sip_code": None,
            "q850_cause": None,
            "denials": [],
        },
    )
    assert not Call.objects.exists()


def test_a_denial_is_200_and_names_the_level(token: str, world: World) -> None:
    Balance.objects.filter(customer=world.shop).update(amount=0)
    status, answer = post(token, ASKED)
    assert (status, answer["allowed"], answer["max_seconds"]) == (200, False, 0)
    assert (answer["sip_code"], answer["q850_cause"]) == (402, 21)
    assert answer["denials"] == [
        {
            "cause": "exhausted",
            "customer_id": world.shop.pk,
            "customer": "Shop",
            "account_id": None,
            "account": None,
            "trunk_id": None,
            "trunk": None,
        }
    ]
    answer = post(token, {"auth_name": "nobody", "called": "1"})[1]
    assert (answer["customer_id"], answer["denials"][0]["cause"]) == (None, "unknown")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"called": None}, "called"),
        ({"called": ""}, "called"),
        ({"called": "  "}, "called"),
        ({"called": 442079460000}, "called"),
        ({"called": "4" * 256}, "called"),
        ({"called": "44\0"}, "called"),
        ({"called": "\ud800"}, "called"),
        ({"auth_name": None, "source_ip": None}, "auth_name"),
        ({"auth_name": " ", "source_ip": ""}, "auth_name"),
        ({"auth_name": ["shop-1"]}, "auth_name"),
        ({"source_ip": "here"}, "source_ip"),
        ({"source_ip": "192.0.2.0/24"}, "source_ip"),
        ({"setup_at": "yesterday"}, "setup_at"),
        ({"setup_at": "2026-03-10"}, "setup_at"),
        ({"setup_at": "2999-01-01T00:00:00Z"}, "setup_at"),
        ({"call_id": "x"}, "call_id"),
    ],
)
def test_a_wrong_question_is_422_and_names_the_field(
    token: str, change: dict[str, Any], field: str
) -> None:
    status, answer = post(token, ASKED | change)
    assert (status, answer["field"]) == (422, field)
    assert answer["code"] in {"invalid", "required"}


@pytest.mark.parametrize(("body", "status"), [(b"{", 400), (b"\xff", 400), ([], 422), ("x", 422)])
def test_an_unusable_body_is_refused(token: str, body: Any, status: int) -> None:
    assert post(token, body)[0] == status


def test_null_is_the_same_as_leaving_out(token: str) -> None:
    nothing = {"source_ip": None, "caller": None, "setup_at": None}
    assert post(token, ASKED | nothing)[1]["allowed"]
    assert post(token, {"auth_name": "shop-1", "called": "+442079460000"})[1]["allowed"]


def test_local_times_are_read_in_the_zone_of_the_switch(token: str, world: World) -> None:
    berlin = {"timezone": "Europe/Berlin"}
    edit_switch(actor=world.actor("operator"), switch=Switch.objects.get(), values=berlin)
    world.account.archived_at = "2026-03-10T12:00:00Z"
    world.account.save()
    before = post(token, ASKED | {"setup_at": "2026-03-10 12:59:59"})[1]
    after = post(token, ASKED | {"setup_at": "2026-03-10 13:00:00"})[1]
    assert (before["allowed"], after["denials"][0]["cause"]) == (True, "unknown")


def test_only_a_switch_asks_and_only_from_its_addresses(token: str, world: World) -> None:
    assert post("", ASKED)[0] == 401
    assert post("x", ASKED)[0] == 401
    _row, program = create_token(actor=world.actor("operator"), name="p", scopes=["rates:read"])
    assert post(program, ASKED)[0] == 401
    operator, switch = world.actor("operator"), Switch.objects.get()
    edit_switch(actor=operator, switch=switch, values={"source_addresses": "192.0.2.0/28"})
    assert post(token, ASKED, REMOTE_ADDR="192.0.2.20")[0] == 403
    assert post(token, ASKED, REMOTE_ADDR="192.0.2.7")[0] == 200
    _other, other = create_switch(actor=operator, name="core-2", source_addresses="198.51.100.1")
    assert post(other, ASKED, REMOTE_ADDR="192.0.2.7")[0] == 403
    edit_switch(actor=operator, switch=switch, values={"is_active": False})
    assert post(token, ASKED, REMOTE_ADDR="192.0.2.7")[0] == 403
