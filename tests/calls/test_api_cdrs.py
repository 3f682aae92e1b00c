"""Switches post CDRs: known by their token, stored before the answer, counted once."""

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.core.files.base import File
from django.test import Client

from calls.models import Call, CdrImport, OpenTransaction, PendingCall, Switch
from calls.services import delivering, importing
from calls.services.importing import run_import, start_import
from calls.services.switches import create_switch, edit_switch, rotate_token
from tests.calls.deliveries import csv_file
from tests.world import World

pytestmark = pytest.mark.django_db
URL = "/api/v1/cdrs"
SAMPLES = Path(__file__).parent / "samples"
CALL = {
    "call_id": "api-1",
    "setup_at": "2026-03-10T12:00:00Z",
    "answered_at": "2026-03-10T12:00:05Z",
    "ended_at": "2026-03-10T12:01:05Z",
    "duration": 60.25,
    "caller": "+4420111222",
    "called": "+442079460000",
    "auth_name": "shop-1",
    "sip_code": 200,
}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    messages: list[str] = []
    for module in (delivering, importing):
        monkeypatch.setattr(module, "enqueue", lambda name, **kwargs: messages.append(name))
    return messages


@pytest.fixture
def token(world: World, sent: list[str]) -> str:
    return create_switch(actor=world.actor("operator"), name="core-1")[1]


def the_switch() -> Switch:
    switch: Switch = Switch.objects.get()
    return switch


def post(token: str, body: Any, query: str = "", **options: Any) -> tuple[int, Any]:
    """Post as a switch does, without cookies and CSRF token; the status and the answer."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    options.setdefault("content_type", "application/json")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    client = Client(enforce_csrf_checks=True, headers=headers)
    response = client.post(URL + query, data, **options)
    return response.status_code, response.json()


def test_calls_are_stored_before_the_answer(token: str, world: World, sent: list[str]) -> None:
    status, answer = post(token, {"calls": [CALL, CALL | {"call_id": "api-2"}]})
    assert (status, answer) == (
        200,
        {"accepted": 2, "repeated": 0, "conflicting": 0, "rejected": []},
    )
    stored = Call.objects.get(native_id="api-1")
    assert (stored.account, stored.duration_ms) == (world.account, 60_250)
    assert (stored.called_number, stored.sip_code) == ("442079460000", 200)
    assert PendingCall.objects.count() == 2
    assert sent == ["calls.charge_pending"]
    assert not CdrImport.objects.exists()


def test_a_replay_counts_once_and_a_change_is_a_conflict(token: str, sent: list[str]) -> None:
    post(token, {"calls": [CALL]})
    _status, answer = post(token, {"calls": [CALL, CALL | {"duration": 61}]})
    assert answer == {"accepted": 0, "repeated": 1, "conflicting": 1, "rejected": []}
    assert sent == ["calls.charge_pending"]


def test_a_duration_without_an_answer_time_says_that_there_was_one(token: str) -> None:
    call = {name: CALL[name] for name in ("call_id", "setup_at", "called", "duration")}
    assert post(token, {"calls": [call | {"answered_at": None}]})[1]["accepted"] == 1
    assert Call.objects.get().duration_ms == 60_250


@pytest.mark.parametrize(
    ("bad", "field", "reason"),
    [
        ({"setup_at": "yesterday"}, "setup_at", "no time"),
        ({"setup_at": None}, "setup_at", "missing"),
        ({"call_id": ""}, "call_id", "empty"),
        ({"call_id": "x" * 256}, "call_id", "longer than 255 characters"),
        ({"called": ["1"]}, "called", "neither text nor a number"),
        ({"duration": True}, "duration", "neither text nor a number"),
        ({"duration": -1}, "duration", "negative"),
        ({"ended_at": None, "duration": None}, "ended_at", "missing, and no duration"),
        ({"price": "1"}, "price", "unknown field"),
        ({"setup_at": "2015-01-01T00:00:00Z"}, "setup_at", "older than 1830 days"),
    ],
)
def test_a_bad_call_is_rejected_and_the_others_are_stored(
    token: str, bad: dict[str, Any], field: str, reason: str
) -> None:
    status, answer = post(token, {"calls": [CALL | bad, CALL]})
    assert (status, answer["accepted"]) == (200, 1)
    assert answer["rejected"] == [{"line": 1, "field": field, "reason": reason}]
    assert CdrImport.objects.get().errors.get().reason == reason


def test_what_is_no_call_at_all_is_rejected(token: str) -> None:
    answer = post(token, {"calls": ["x", None, CALL | {"call_id": "nul\0 \ud800"}]})[1]
    assert [error["reason"] for error in answer["rejected"]] == ["not an object"] * 2
    assert answer["accepted"] == 1


@pytest.mark.parametrize(
    ("body", "query", "code"),
    [
        (b"{", "", "invalid_json"),
        (b"[" * 100_000, "", "invalid_json"),
        (b"\xff", "", "invalid_json"),
        ([], "", "invalid"),
        ({"calls": {}}, "", "invalid"),
        ({"calls": [None] * 10_001}, "", "too_many"),
        (b"x", "?format=word", "format"),
        (b"a,b\n1,2\n", "?format=generic_csv", "unreadable"),
    ],
)
def test_an_unusable_body_is_422(token: str, body: Any, query: str, code: str) -> None:
    status, answer = post(token, body, query)
    assert (status, answer["code"]) == (422, code)
    assert {"code", "detail"} <= answer.keys() <= {"code", "detail", "field"}


def test_a_body_beyond_the_limit_is_413(token: str, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    assert post(token, {"calls": [CALL]})[0] == 413


def test_a_csv_body(token: str) -> None:
    status, answer = post(
        token, csv_file(3) + b"bad\n", "?format=generic_csv", content_type="text/csv"
    )
    assert (status, answer["accepted"]) == (200, 3)
    assert answer["rejected"] == [{"line": 5, "field": "", "reason": "1 columns, expected 9"}]


@pytest.mark.parametrize("is_form", [True, False])
def test_freeswitch_posts_json_with_basic_authentication(token: str, is_form: bool) -> None:
    body = (SAMPLES / "freeswitch.json").read_text()
    posted = f"cdr={quote(body)}" if is_form else body
    response = Client(enforce_csrf_checks=True).post(
        f"{URL}?format=freeswitch_json",
        posted.encode(),
        content_type="application/x-www-form-urlencoded" if is_form else "application/json",
        headers={"Authorization": "Basic " + base64.b64encode(f"fs:{token}".encode()).decode()},
    )
    assert response.status_code == 200
    assert response.json()["accepted"] == Call.objects.count() > 0


def test_a_form_without_a_cdr_is_422(token: str) -> None:
    form = "application/x-www-form-urlencoded"
    assert post(token, b"x=1", "?format=freeswitch_json", content_type=form)[0] == 422


ACC = "method,from_tag,to_tag,callid,sip_code,sip_reason,time,src_user,dst_user,src_ip,auth_user\n"
INVITE = ACC + "INVITE,a,b,x,200,OK,2026-03-10 12:00:01,4420,442079460000,,shop-1\n"
BYE = ACC + "BYE,a,b,x,200,OK,2026-03-10 12:01:01,4420,442079460000,,shop-1\n"


def test_halves_of_a_call_meet_across_posts(token: str) -> None:
    query = "?format=kamailio_acc"
    nothing = {"accepted": 0, "repeated": 0, "conflicting": 0, "rejected": []}
    assert post(token, INVITE.encode(), query) == (200, nothing)
    assert OpenTransaction.objects.count() == 1
    assert post(token, BYE.encode(), query) == (200, nothing | {"accepted": 1})
    assert not OpenTransaction.objects.exists()


def test_transactions_wait_for_a_file_being_read(token: str, world: World) -> None:
    with (SAMPLES / "kamailio_acc.csv").open("rb") as sample:
        job = start_import(
            actor=world.actor("operator"),
            switch=the_switch(),
            file=File(sample),
            file_name="acc.csv",
        )
    status, answer = post(token, INVITE.encode(), "?format=kamailio_acc")
    assert (status, answer["code"]) == (422, "import_unfinished")
    run_import(import_id=job.pk)
    assert post(token, INVITE.encode(), "?format=kamailio_acc")[0] == 200


@pytest.mark.parametrize("wrong", ["", "x", "Bearer", "\N{GREEK SMALL LETTER OMEGA}"])
def test_without_a_valid_token_nobody_posts(token: str, wrong: str) -> None:
    client = Client(headers={"Authorization": f"Bearer {wrong}"} if wrong else {})
    response = client.post(URL, b"{}", content_type="application/json")
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert response.json()["code"] == "unauthorized"


def test_a_login_is_no_token(token: str, world: World) -> None:
    client = Client()
    client.force_login(world.user("operator"))
    assert client.post(URL, b"{}", content_type="application/json").status_code == 401


def test_calls_belong_to_the_switch_that_posts(token: str, world: World) -> None:
    post(token, {"calls": [CALL]})
    _other, other_token = create_switch(actor=world.actor("operator"), name="core-2")
    assert post(other_token, {"calls": [CALL]})[1]["accepted"] == 1
    assert set(Call.objects.values_list("switch_id", flat=True)) == set(
        Switch.objects.values_list("pk", flat=True)
    )


def test_an_inactive_switch_or_a_foreign_address_is_403(token: str, world: World) -> None:
    operator, switch = world.actor("operator"), the_switch()
    edit_switch(actor=operator, switch=switch, values={"source_addresses": "192.0.2.0/28"})
    assert post(token, {"calls": []}, REMOTE_ADDR="192.0.2.20")[0] == 403
    assert post(token, {"calls": []}, REMOTE_ADDR="192.0.2.7")[0] == 200
    edit_switch(actor=operator, switch=switch, values={"is_active": False})
    status, answer = post(token, {"calls": []}, REMOTE_ADDR="192.0.2.7")
    assert (status, answer["code"]) == (403, "forbidden")


def test_a_new_token_ends_the_old_one(token: str, world: World) -> None:
    new = rotate_token(actor=world.actor("operator"), switch=the_switch())
    assert post(token, {"calls": []})[0] == 401
    assert post(new, {"calls": []})[0] == 200


def test_the_api_describes_itself(client: Client) -> None:
    described = client.get("/api/v1/openapi.json").json()
    body = described["paths"][URL]["post"]["requestBody"]["content"]["application/json"]
    assert body["schema"]["properties"]["calls"]["maxItems"] == 10_000
