"""Addresses of Maintenance, statements and ledger entries."""

from django.urls import path

from billing.views import ledger, maintenance, redeem

app_name = "billing"
urlpatterns = [
    path("statement/", ledger.OwnLedgerView.as_view(), name="own_ledger"),
    path("entries/", ledger.EntryListView.as_view(), name="entry_list"),
    path("entries/<int:pk>/", ledger.EntryDetailView.as_view(), name="entry_detail"),
    path("customers/<int:pk>/ledger/", ledger.CustomerLedgerView.as_view(), name="ledger"),
    path(
        "customers/<int:pk>/maintenance/",
        maintenance.MaintenanceView.as_view(),
        name="maintenance",
    ),
    path("redeem/", redeem.RedeemView.as_view(), name="redeem"),
    path(
        "customers/<int:pk>/redeem/",
        redeem.CustomerRedeemView.as_view(),
        name="customer_redeem",
    ),
    path("accounts/<int:pk>/redeem/", redeem.AccountRedeemView.as_view(), name="account_redeem"),
    path("accounts/<int:pk>/ledger/", ledger.AccountLedgerView.as_view(), name="account_ledger"),
    path(
        "accounts/<int:pk>/maintenance/",
        maintenance.AccountMaintenanceView.as_view(),
        name="account_maintenance",
    ),
]
