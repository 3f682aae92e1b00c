"""All addresses of the product."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path

from customers.views.session import LoginView, LogoutView


def healthz(_request: HttpRequest) -> HttpResponse:
    """Says that the web server answers; asks no other server."""
    return HttpResponse("ok\n", content_type="text/plain")


urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("login/", LoginView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("customers/", include("customers.urls")),
    path("accounts/", include("accounts.urls")),
    path("tariffs/", include("tariffs.urls")),
    path("billing/", include("billing.urls")),
    path("calls/", include("calls.urls")),
]
