"""What switches ask and post: ``POST /api/v1/authorize`` and ``POST /api/v1/cdrs``."""

import json
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import parse_qs

from django.http import HttpRequest
from django.utils.timezone import now
from ninja import Router, Schema
from ninja.security import HttpBasicAuth, HttpBearer
from pydantic import StringConstraints

from calls.choices import Q850_CAUSES
from calls.models import Switch
from calls.parsers.clock import Clock
from calls.parsers.fields import clean_address
from calls.services.authorizing import Decision, Denial, authorize_call
from calls.services.delivering import MAX_CALLS, deliver_file, deliver_objects
from calls.services.ingest import StoreReport
from calls.services.switches import switch_of_token
from softswitch.core.api import ErrorOut, In
from softswitch.core.errors import DomainError
from softswitch.core.moments import from_microseconds, to_microseconds

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


Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=255)]


class AuthorizeIn(In):
    """A call that wants to start: who calls (an auth name, an address, or both), and whom.

    Texts as the switch has them; ``called`` with its tech prefix. ``setup_at`` is now if absent.
    """

    called: Annotated[Text, StringConstraints(min_length=1)]
    auth_name: Text | None = None
    source_ip: Text | None = None
    caller: Text | None = None
    setup_at: Text | None = None


class DenialOut(Schema):
    """A level that denies the call, and why: a customer, or its account or trunk."""

    cause: str
    customer_id: int | None
    customer: str | None
    account_id: int | None
    account: str | None
    trunk_id: int | None
    trunk: str | None


class DecisionOut(Schema):
    """Whether the call may start: then for ``max_seconds`` at most, else ``denials`` say why not.

    ``sip_code`` and ``q850_cause`` are what to tell the caller, null where it may call. The numbers
    are as the CDR of the call will have them.
    """

    allowed: bool
    max_seconds: int
    customer_id: int | None
    account_id: int | None
    trunk_id: int | None
    called_number: str
    tech_prefix: str
    caller_number: str
    sip_code: int | None
    q850_cause: int | None
    denials: list[DenialOut]


@router.post(
    "/authorize",
    auth=[BearerToken(), BasicToken()],
    response={200: DecisionOut, (400, 401, 403, 413, 422): ErrorOut},
    tags=["Calls"],
)
def authorize(request: HttpRequest, body: AuthorizeIn) -> DecisionOut:
    """Ask before a call whether it may start, and for how long. Holds nothing back."""
    switch: Switch = request.auth  # type: ignore[attr-defined]
    if not (body.auth_name or body.source_ip):
        message = "Say who calls: “auth_name”, “source_ip” or both."
        raise DomainError("required", message, field="auth_name")
    decision = authorize_call(
        switch=switch,
        called=body.called,
        auth_name=body.auth_name or "",
        source_ip=_address(body.source_ip or ""),
        caller=body.caller or "",
        setup_at=_moment(switch, body.setup_at or ""),
    )
    return _decided(decision)


def _address(text: str) -> str:
    try:
        return clean_address(text)
    except ValueError as error:
        raise DomainError("invalid", str(error), field="source_ip") from error


def _moment(switch: Switch, text: str) -> datetime | None:
    """A time as CDRs have it, local ones in the switch's zone."""
    if not text:
        return None
    try:
        return from_microseconds(Clock(switch.timezone, to_microseconds(now())).micros(text))
    except ValueError as error:
        raise DomainError("invalid", str(error), field="setup_at") from error


def _decided(decision: Decision) -> DecisionOut:
    owner, code = decision.owner, decision.sip_code
    return DecisionOut(
        allowed=decision.is_allowed,
        max_seconds=decision.max_seconds,
        customer_id=owner.customer_id,
        account_id=owner.account_id,
        trunk_id=owner.trunk_id,
        called_number=owner.called_number,
        tech_prefix=owner.tech_prefix,
        caller_number=decision.caller_number,
        sip_code=code,
        q850_cause=None if code is None else Q850_CAUSES[code],
        denials=[_denied(denial) for denial in decision.denials],
    )


def _denied(denial: Denial) -> DenialOut:
    customer, account, trunk = denial.customer, denial.account, denial.trunk
    return DenialOut(
        cause=denial.cause.value,
        customer_id=customer.pk if customer else None,
        customer=customer.name if customer else None,
        account_id=account.pk if account else None,
        account=account.auth_name if account else None,
        trunk_id=trunk.pk if trunk else None,
        trunk=trunk.name if trunk else None,
    )
