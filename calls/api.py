"""Switches post their CDRs here: ``POST /api/v1/cdrs``."""

import json
from typing import Any
from urllib.parse import parse_qs

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.security import HttpBasicAuth, HttpBearer

from calls.models import Switch
from calls.services.delivering import MAX_CALLS, deliver_file, deliver_objects
from calls.services.ingest import StoreReport
from calls.services.switches import switch_of_token
from softswitch.core.api import ErrorOut
from softswitch.core.errors import DomainError

FORM = "application/x-www-form-urlencoded"


def _switch(request: HttpRequest, token: str) -> Switch | None:
    return switch_of_token(token=token, address=request.META.get("REMOTE_ADDR", ""))


class BearerToken(HttpBearer):
    """The switch's token as a bearer token."""

    def authenticate(self, request: HttpRequest, token: str) -> Switch | None:
        return _switch(request, token)


class BasicToken(HttpBasicAuth):
    """The switch's token as a password, for switches that know no other way (mod_json_cdr)."""

    def authenticate(self, request: HttpRequest, username: str, password: str) -> Switch | None:
        return _switch(request, password)


class CallIn(Schema):
    """One call; the fields of the generic CSV (docs/cdr-formats.md). Numbers may be texts."""

    call_id: str
    setup_at: str
    called: str
    leg: str | None = None
    answered_at: str | None = None
    ended_at: str | None = None
    duration: str | float | None = None
    caller: str | None = None
    auth_name: str | None = None
    source_ip: str | None = None
    sip_code: str | int | None = None
    hangup_cause: str | int | None = None
    pdd: str | float | None = None


class RejectedOut(Schema):
    """What was not stored: the line of a file, or the place of a call in ``calls``, from 1."""

    line: int
    field: str
    reason: str


class DeliveryOut(Schema):
    """How many calls are new, were known, or contradict a known one; and what was rejected."""

    accepted: int
    repeated: int
    conflicting: int
    rejected: list[RejectedOut]


BODY: dict[str, Any] = {
    "type": "object",
    "required": ["calls"],
    "properties": {
        "calls": {"type": "array", "maxItems": MAX_CALLS, "items": CallIn.model_json_schema()}
    },
}

router = Router(tags=["CDRs"])


@router.post(
    "/cdrs",
    auth=[BearerToken(), BasicToken()],
    response={200: DeliveryOut, (401, 403, 413, 422): ErrorOut},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": BODY},
                "text/csv": {"schema": {"type": "string"}},
            },
        }
    },
)
def post_cdrs(request: HttpRequest, format: str = "", template: str = "") -> DeliveryOut:  # noqa: A002
    """Store calls; when the answer is there, they are. Posting the same again counts once.

    Without ``format`` the body is JSON, ``{"calls": [...]}``; with it, a file in that format, or
    the form field ``cdr``.
    """
    switch: Switch = request.auth  # type: ignore[attr-defined]
    if format:
        report = deliver_file(
            switch=switch, format_name=format, template=template, body=_file(request)
        )
    else:
        report = deliver_objects(switch=switch, objects=_objects(request.body))
    return _answer(report)


def _file(request: HttpRequest) -> bytes:
    """The body, or the file within a form."""
    if request.content_type != FORM:
        return request.body
    fields = parse_qs(request.body.decode("utf-8", "replace"))
    if "cdr" not in fields:
        raise DomainError("invalid", "The form has no field “cdr”.", field="cdr")
    return "\n".join(fields["cdr"]).encode()


def _objects(body: bytes) -> list[object]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise DomainError("invalid_json", f"The body is no JSON: {error}") from error
    calls = value.get("calls") if isinstance(value, dict) else None
    if not isinstance(calls, list):
        raise DomainError("invalid", "“calls” must be a list.", field="calls")
    return calls


def _answer(report: StoreReport) -> DeliveryOut:
    return DeliveryOut(
        accepted=report.new,
        repeated=report.repeated,
        conflicting=report.conflicting,
        rejected=[
            RejectedOut(line=error.line, field=error.field, reason=error.reason)
            for error in report.rejected
        ],
    )
