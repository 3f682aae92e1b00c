"""All addresses of the product."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path

from accounts.api import accounts_router, trunks_router, vouchers_router
from billing.api import (
    definitions_router,
    dunning_router,
    fees_router,
    invoices_router,
    money_router,
    statements_router,
)
from calls.api import router as calls_router
from calls.views.dashboard import DashboardView
from customers.api import router as customers_router
from customers.api import token_auth
from customers.views.passwords import ForgottenPasswordView, SetPasswordView
from customers.views.search import SearchView
from customers.views.session import CodeView, LoginView, LogoutView
from notifications.api import router as webhooks_router
from softswitch.core.api import make_api
from tariffs.api import router as rates_router

api = make_api(title="Softswitch API", version="1", auth=token_auth)
for router in (
    calls_router,
    customers_router,
    accounts_router,
    trunks_router,
    vouchers_router,
    money_router,
    statements_router,
    invoices_router,
    fees_router,
    dunning_router,
    definitions_router,
    rates_router,
    webhooks_router,
):
    api.add_router("", router)


def healthz(_request: HttpRequest) -> HttpResponse:
    """Says that the web server answers; asks no other server."""
    return HttpResponse("ok\n", content_type="text/plain")


urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("", DashboardView.as_view(), name="dashboard"),
    path("search/", SearchView.as_view(), name="search"),
    path("login/", LoginView.as_view(), name="login"),
    path("login/code/", CodeView.as_view(), name="login_code"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("password/", ForgottenPasswordView.as_view(), name="password_forgotten"),
    path("password/<uidb64>/<token>/", SetPasswordView.as_view(), name="password_set"),
    path("customers/", include("customers.urls")),
    path("accounts/", include("accounts.urls")),
    path("tariffs/", include("tariffs.urls")),
    path("billing/", include("billing.urls")),
    path("calls/", include("calls.urls")),
    path("messages/", include("notifications.urls")),
    path("api/v1/", api.urls),
]

handler403 = "softswitch.core.views.errors.forbidden"
handler404 = "softswitch.core.views.errors.not_found"
handler500 = "softswitch.core.views.errors.server_error"
