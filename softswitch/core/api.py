"""The REST API's frame: one instance, and the one way in which its errors are answered.

Every error is ``{"code": ..., "detail": ...}``: 401 and 403 for who asks, 404 for what is not
theirs, 422 for what a rule forbids or a request gets wrong. There is no docs page, because the
ready-made ones need inline scripts; ``openapi.json`` describes all.
"""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from softswitch.core.errors import DomainError

Describe = Callable[[Any], tuple[int, str, str]]


class ErrorOut(Schema):
    """An error: ``code`` for programs, ``detail`` for people."""

    code: str
    detail: str


def make_api(*, title: str, version: str) -> NinjaAPI:
    """The API without routers, its errors in place."""
    api = NinjaAPI(title=title, version=version, docs_url=None)
    for kind, describe in _ERRORS.items():
        api.add_exception_handler(kind, _handler(api, describe))
    return api


def _handler(api: NinjaAPI, describe: Describe) -> Callable[[HttpRequest, Any], HttpResponse]:
    def handle(request: HttpRequest, error: Any) -> HttpResponse:
        status, code, detail = describe(error)
        body = {"code": code, "detail": detail}
        response = api.create_response(request, body, status=status)
        if status == 401:
            response["WWW-Authenticate"] = 'Bearer realm="api"'
        return response

    return handle


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
