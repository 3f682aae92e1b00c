"""Requests with an ``Idempotency-Key``: sent again, they do nothing and are answered the same.

The key belongs to the token. What a request did and its answer are one transaction; a request that
was refused did nothing, is not remembered, and may be sent again with the same key. Where the token
has lost a right since, the answer is not given again.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse

from customers.models import ApiRequest
from customers.services.once import REFUSED, do_once
from customers.services.tokens import actor_of_token
from softswitch.core.errors import DomainError

GetResponse = Callable[[HttpRequest], HttpResponse]
PATH = "/api/v1/"
# What must not be remembered: wrong PINs are counted even where they are refused, a PIN works once
# anyway; and PINs that are taken, and secrets of webhooks, are shown once.
NOT_REMEMBERED = ("/vouchers/redeem", "/pins", "/webhooks")
LONGEST_KEY = 80
BEARER = "bearer"


class IdempotencyMiddleware:
    """Remembers the answers to changes that carry a key, and gives them again."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = request.headers.get("Idempotency-Key", "")
        if not key or request.method in {"GET", "HEAD"} or not is_remembered(request.path):
            return self.get_response(request)
        if len(key) > LONGEST_KEY or not key.isprintable():
            return refusal(422, "idempotency_key", f"At most {LONGEST_KEY} printable characters.")
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != BEARER:
            return self.get_response(request)
        actor = actor_of_token(text=text, address=request.META.get("REMOTE_ADDR"))
        if actor is None or not actor.rights:
            return self.get_response(request)  # which refuses it, or knows another kind of token
        try:
            wanted = fingerprint(request)
        except RequestDataTooBig:
            return self.get_response(request)  # which says so
        return self.once(request, text, key, wanted, rights=actor.rights)

    def once(
        self, request: HttpRequest, text: str, key: str, wanted: str, *, rights: frozenset[str]
    ) -> HttpResponse:
        """Answer it, or give the answer that the same request had before."""
        given: list[HttpResponse] = []

        def act() -> tuple[int, Any]:
            response = self.get_response(request)
            given.append(response)
            return response.status_code, answer_of(response) | {"rights": sorted(rights)}

        try:
            known = do_once(text=text, key=key, fingerprint=wanted, act=act)
        except DomainError as error:
            return refusal(409, error.code, error.message)
        if known is None:
            return given[0]
        if not rights.issuperset(known.answer["rights"]):
            return refusal(403, "forbidden", "The token has lost rights since this was answered.")
        return again(known)


def is_remembered(path: str) -> bool:
    """Whether answers under this address are given again."""
    return path.startswith(PATH) and not path.endswith(NOT_REMEMBERED)


def answer_of(response: HttpResponse) -> dict[str, Any]:
    """What is remembered of an answer: its body, where it has one."""
    is_kept = response.status_code < REFUSED and response.content
    return {"body": json.loads(response.content)} if is_kept else {}


def fingerprint(request: HttpRequest) -> str:
    """What makes two requests the same one: method, address and body."""
    parts = (request.method or "", request.get_full_path())
    return hashlib.sha256("\n".join(parts).encode() + b"\n" + request.body).hexdigest()


def again(known: ApiRequest) -> HttpResponse:
    """The answer as it was, marked as given again."""
    response: HttpResponse
    if "body" in known.answer:
        response = JsonResponse(known.answer["body"], status=known.status, safe=False)
    else:
        response = HttpResponse(status=known.status)
    response["Idempotent-Replayed"] = "true"
    return response


def refusal(status: int, code: str, detail: str) -> JsonResponse:
    """An error as all of the API's."""
    return JsonResponse({"code": code, "detail": detail}, status=status)
