"""Addresses of money: Maintenance, statements, entries, terms, settings; imports of records."""

from django.urls import path

from billing.views import (
    corrections,
    entries,
    former,
    invoice_settings,
    ledger,
    maintenance,
    online,
    payments,
    records,
    redeem,
    settle,
    webhooks,
)

app_name = "billing"
urlpatterns = [
    path("statement/", ledger.OwnLedgerView.as_view(), name="own_ledger"),
    path("entries/", entries.EntryListView.as_view(), name="entry_list"),
    path("entries/<int:pk>/", entries.EntryDetailView.as_view(), name="entry_detail"),
    path("entries/<int:pk>/reverse/", corrections.ReverseView.as_view(), name="entry_reverse"),
    path("customers/<int:pk>/write-off/", corrections.WriteOffView.as_view(), name="write_off"),
    path(
        "accounts/<int:pk>/write-off/",
        corrections.AccountWriteOffView.as_view(),
        name="account_write_off",
    ),
    path("accounts/<int:pk>/transfer/", corrections.TransferView.as_view(), name="transfer"),
    path("customers/<int:pk>/ledger/", ledger.CustomerLedgerView.as_view(), name="ledger"),
    path(
        "customers/<int:pk>/maintenance/",
        maintenance.MaintenanceView.as_view(),
        name="maintenance",
    ),
    path("closed/", former.FormerBalanceListView.as_view(), name="former_list"),
    path("closed/<int:pk>/", former.FormerLedgerView.as_view(), name="former_ledger"),
    path("balances/<int:pk>/settle/", settle.SettleView.as_view(), name="settle"),
    path("payments/", payments.PaymentListView.as_view(), name="payment_list"),
    path("payments/new/", payments.PaymentCreateView.as_view(), name="payment_create"),
    path("payments/online/", online.OnlineListView.as_view(), name="online_list"),
    path("payments/online/<int:pk>/", online.OnlineDetailView.as_view(), name="online_detail"),
    path("payments/pay/", online.PayView.as_view(), name="pay"),
    path("payments/top-up/", online.TopUpView.as_view(), name="top_up"),
    path("payments/top-up/forget/", online.ForgetCardView.as_view(), name="top_up_forget"),
    path("payments/provider/", online.ProviderView.as_view(), name="payment_provider"),
    path("payments/stripe/<uuid:public_id>/", webhooks.StripeWebhookView.as_view(), name="webhook"),
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
    path("customer-imports/", records.ImportListView.as_view(), name="customer_import_list"),
    path(
        "customer-imports/new/", records.ImportCreateView.as_view(), name="customer_import_create"
    ),
    path(
        "customer-imports/template/",
        records.TemplateView.as_view(),
        name="customer_import_template",
    ),
    path("customer-imports/export/", records.ExportView.as_view(), name="customer_import_export"),
    path("account-imports/", records.AccountImportListView.as_view(), name="account_import_list"),
    path(
        "account-imports/new/",
        records.AccountImportCreateView.as_view(),
        name="account_import_create",
    ),
    path(
        "account-imports/template/",
        records.AccountTemplateView.as_view(),
        name="account_import_template",
    ),
    path(
        "account-imports/export/",
        records.AccountExportView.as_view(),
        name="account_import_export",
    ),
    path("imports/<int:pk>/", records.ImportDetailView.as_view(), name="record_import_detail"),
    path("imports/<int:pk>/apply/", records.ImportApplyView.as_view(), name="record_import_apply"),
    path(
        "imports/<int:pk>/discard/",
        records.ImportDiscardView.as_view(),
        name="record_import_discard",
    ),
    path(
        "imports/<int:pk>/errors/", records.ImportErrorsView.as_view(), name="record_import_errors"
    ),
    path(
        "payment-terms/",
        invoice_settings.PaymentTermListView.as_view(),
        name="payment_term_list",
    ),
    path(
        "payment-terms/new/",
        invoice_settings.PaymentTermCreateView.as_view(),
        name="payment_term_create",
    ),
    path(
        "payment-terms/<int:pk>/",
        invoice_settings.PaymentTermEditView.as_view(),
        name="payment_term_edit",
    ),
    path(
        "payment-terms/<int:pk>/delete/",
        invoice_settings.PaymentTermDeleteView.as_view(),
        name="payment_term_delete",
    ),
    path(
        "invoice-settings/",
        invoice_settings.InvoiceSettingsListView.as_view(),
        name="invoice_settings_list",
    ),
    path(
        "invoice-settings/new/",
        invoice_settings.InvoiceSettingsCreateView.as_view(),
        name="invoice_settings_create",
    ),
    path(
        "invoice-settings/<int:pk>/",
        invoice_settings.InvoiceSettingsEditView.as_view(),
        name="invoice_settings_edit",
    ),
    path(
        "invoice-settings/<int:pk>/delete/",
        invoice_settings.InvoiceSettingsDeleteView.as_view(),
        name="invoice_settings_delete",
    ),
]
