"""The REST API's frame: one instance, and the one way in which its errors are answered.

Every error is ``{"code": ..., "detail": ...}``, with a ``field`` where one is at fault: 401 and 403
for who asks, 404 for what is not theirs, 422 for what a rule forbids or a request gets wrong. There
is no docs page, because the ready-made ones need inline scripts; ``openapi.json`` describes all.
"""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Field, NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer
from pydantic import ConfigDict, field_validator

from softswitch.core.errors import DomainError

Describe = Callable[[Any], tuple[int, str, str]]
LARGEST_KEY = 2**63 - 1
# What every operation behind a token may answer beside its result.
REFUSALS = frozenset({400, 401, 403, 404, 409, 413, 422})


class ErrorOut(Schema):
    """An error: ``code`` for programs, ``detail`` for people, ``field`` where one is at fault."""

    code: str
    detail: str
    field: str | None = None


class In(Schema):
    """What a request brings: fields that are not known, and NUL in texts, are errors."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*", mode="after")
    @classmethod
    def no_nul(cls, value: Any) -> Any:
        """PostgreSQL stores no NUL."""
        if isinstance(value, str) and "\0" in value:
            raise ValueError("holds a NUL character")
        return value


class Paging(In):
    """Which rows of a list are asked for: at most ``limit``, those whose id is above ``after``."""

    limit: int = Field(50, ge=1, le=200)
    after: int = Field(0, ge=0, le=LARGEST_KEY)

    def page(self, rows: QuerySet[Any]) -> dict[str, Any]:
        """``items`` in order of id, and ``next``: what to ask ``after`` for more, or null."""
        found = list(rows.filter(pk__gt=self.after).order_by("pk")[: self.limit + 1])
        items = found[: self.limit]
        return {"items": items, "next": items[-1].pk if len(found) > self.limit else None}


class TokenAuth(HttpBearer):
    """The user's API token; ``actor_of`` turns it and the address into who acts, or None."""

    def __init__(self, actor_of: Callable[..., Any]) -> None:
        super().__init__()
        self.actor_of = actor_of

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        return self.actor_of(text=token, address=request.META.get("REMOTE_ADDR"))


def actor_of(request: HttpRequest, right: str | None = None) -> Any:
    """Who acts (``customers.tenancy.Actor``); PermissionDenied without ``right``, or any at all."""
    actor = request.auth  # type: ignore[attr-defined]
    if not actor.rights:
        raise PermissionDenied("The user of the token has no access to the API.")
    if right is not None and not actor.can(right):
        raise PermissionDenied(f"The token lacks the right {right}, or its user does.")
    return actor


def visible(model: type[Model], actor: Any) -> QuerySet[Any]:
    """The rows of ``model`` that ``actor`` sees: the one rule, as on the pages."""
    rows: QuerySet[Any] = model.objects.visible_to(actor)  # type: ignore[attr-defined]
    return rows


def visible_or_404(rows: QuerySet[Any], key: int) -> Any:
    """The row of ``rows`` with this key; Http404 for one that is not there or not the actor's."""
    if not 0 < key <= LARGEST_KEY:
        raise Http404
    return get_object_or_404(rows, pk=key)


def make_api(*, title: str, version: str, auth: TokenAuth) -> NinjaAPI:
    """The API without routers, its errors in place; ``auth`` holds where an operation has none."""
    api = NinjaAPI(title=title, version=version, docs_url=None, auth=auth)
    for kind, describe in _ERRORS.items():
        api.add_exception_handler(kind, _handler(api, describe))
    return api


def _handler(api: NinjaAPI, describe: Describe) -> Callable[[HttpRequest, Any], HttpResponse]:
    def handle(request: HttpRequest, error: Any) -> HttpResponse:
        status, code, detail = describe(error)
        body = {"code": code, "detail": detail}
        if field := getattr(error, "field", "") or _field_of(error):
            body["field"] = field
        response = api.create_response(request, body, status=status)
        if status == 401:
            response["WWW-Authenticate"] = 'Bearer realm="api"'
        return response

    return handle


def _field_of(error: Exception) -> str:
    """The first field of a body that does not fit the schema: ``called``, ``numbers.3``."""
    wrong = error.errors if isinstance(error, ValidationError) else []
    places = [one["loc"][2:] for one in wrong if one.get("loc", ())[:1] == ("body",)]
    return ".".join(map(str, places[0])) if places else ""


def _in_words(error: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in error.get("loc", ()))
    return f"{place}: {error.get('msg', 'invalid')}"


# Each error to the status, code and detail of its answer.
_ERRORS: dict[type[Exception], Describe] = {
    DomainError: lambda e: (422, e.code, e.message),
    ValidationError: lambda e: (422, "invalid", "; ".join(map(_in_words, e.errors))),
    AuthenticationError: lambda _: (401, "unauthorized", "A valid token is needed."),
    PermissionDenied: lambda e: (403, "forbidden", str(e) or "You may not do this."),
    Http404: lambda _: (404, "not_found", "There is no such thing."),
    RequestDataTooBig: lambda _: (413, "too_big", "The request is too big: send less at once."),
    HttpError: lambda e: (e.status_code, "error", e.message),
}
