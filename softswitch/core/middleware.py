"""What stands around every request: the address behind a proxy, and no copies of private pages."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]


class RealAddressMiddleware:
    """Reads the client's address where PROXY_COUNT trusted proxies stand in front.

    Each of them adds the address it saw to X-Forwarded-For; what lies further left was written by
    the client and is not believed. With no proxy the header is ignored.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        count = settings.PROXY_COUNT
        if count:
            seen = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
            address = seen[-count].strip() if len(seen) >= count else ""
            request.META["REMOTE_ADDR"] = address or request.META["REMOTE_ADDR"]
        return self.get_response(request)


class PrivatePagesMiddleware:
    """Pages of somebody signed in are kept by no cache: Back shows nothing after sign-out."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response
