"""Addresses of accounts, cards, trunks, hosts and vouchers."""

from django.urls import path

from accounts.views import (
    account_pages,
    accounts,
    cards,
    hosts,
    trunks,
    voucher_steps,
    vouchers,
)

app_name = "accounts"
urlpatterns = [
    path("", accounts.AccountListView.as_view(), name="account_list"),
    path("new/", accounts.AccountCreateView.as_view(), name="account_create"),
    path("<int:pk>/", account_pages.AccountDetailView.as_view(), name="account_detail"),
    path("<int:pk>/edit/", accounts.AccountEditView.as_view(), name="account_edit"),
    path("<int:pk>/activate/", accounts.AccountStatusView.as_view(), name="account_activate"),
    path(
        "<int:pk>/deactivate/", accounts.AccountDeactivateView.as_view(), name="account_deactivate"
    ),
    path("<int:pk>/delete/", accounts.AccountArchiveView.as_view(), name="account_archive"),
    path("<int:pk>/charging/", account_pages.ChargingView.as_view(), name="account_charging"),
    path("<int:pk>/password/", account_pages.SipPasswordView.as_view(), name="account_password"),
    path("<int:pk>/logins/", account_pages.AccountLoginsView.as_view(), name="account_logins"),
    path(
        "<int:pk>/logins/new/",
        account_pages.AccountLoginAddView.as_view(),
        name="account_login_add",
    ),
    path("customers/<int:pk>/", accounts.AccountsOfView.as_view(), name="accounts_of"),
    path("cards/", cards.CardBatchListView.as_view(), name="card_batch_list"),
    path("cards/new/", cards.CardBatchCreateView.as_view(), name="card_batch_create"),
    path("cards/<int:pk>/", cards.CardBatchView.as_view(), name="card_batch_detail"),
    path("cards/<int:pk>/block/", cards.CardBatchBlockView.as_view(), name="card_batch_block"),
    path(
        "cards/<int:pk>/unblock/", cards.CardBatchUnblockView.as_view(), name="card_batch_unblock"
    ),
    path("cards/<int:pk>/export/", cards.CardExportView.as_view(), name="card_batch_export"),
    path("trunks/", trunks.TrunkListView.as_view(), name="trunk_list"),
    path("trunks/new/", trunks.TrunkCreateView.as_view(), name="trunk_create"),
    path("trunks/<int:pk>/", trunks.TrunkDetailView.as_view(), name="trunk_detail"),
    path("trunks/<int:pk>/edit/", trunks.TrunkEditView.as_view(), name="trunk_edit"),
    path("trunks/<int:pk>/activate/", trunks.TrunkStatusView.as_view(), name="trunk_activate"),
    path(
        "trunks/<int:pk>/deactivate/", trunks.TrunkDeactivateView.as_view(), name="trunk_deactivate"
    ),
    path("trunks/<int:pk>/delete/", trunks.TrunkArchiveView.as_view(), name="trunk_archive"),
    path("trunks/customers/<int:pk>/", trunks.TrunksOfView.as_view(), name="trunks_of"),
    path("trunks/<int:pk>/hosts/new/", hosts.HostCreateView.as_view(), name="host_create"),
    path("hosts/", hosts.HostListView.as_view(), name="host_list"),
    path("hosts/<int:pk>/edit/", hosts.HostEditView.as_view(), name="host_edit"),
    path("hosts/<int:pk>/limits/", hosts.HostLimitsView.as_view(), name="host_limits"),
    path("hosts/<int:pk>/remove/", hosts.HostRemoveView.as_view(), name="host_remove"),
    path("vouchers/", vouchers.VoucherListView.as_view(), name="voucher_list"),
    path("vouchers/<int:pk>/block/", vouchers.VoucherBlockView.as_view(), name="voucher_block"),
    path(
        "vouchers/<int:pk>/unblock/", vouchers.VoucherUnblockView.as_view(), name="voucher_unblock"
    ),
    path("voucher-batches/", vouchers.BatchListView.as_view(), name="voucher_batch_list"),
    path("voucher-batches/new/", vouchers.BatchCreateView.as_view(), name="voucher_batch_create"),
    path(
        "voucher-batches/<int:pk>/",
        vouchers.BatchDetailView.as_view(),
        name="voucher_batch_detail",
    ),
    path(
        "voucher-batches/<int:pk>/progress/",
        vouchers.BatchProgressView.as_view(),
        name="voucher_batch_progress",
    ),
    path(
        "voucher-batches/<int:pk>/export/",
        voucher_steps.BatchExportView.as_view(),
        name="voucher_batch_export",
    ),
    path(
        "voucher-batches/<int:pk>/extend/",
        voucher_steps.BatchExtendView.as_view(),
        name="voucher_batch_extend",
    ),
    path(
        "voucher-batches/<int:pk>/block/",
        voucher_steps.BatchBlockView.as_view(),
        name="voucher_batch_block",
    ),
    path(
        "voucher-batches/<int:pk>/unblock/",
        voucher_steps.BatchUnblockView.as_view(),
        name="voucher_batch_unblock",
    ),
    path(
        "voucher-batches/<int:pk>/delete/",
        voucher_steps.BatchDeleteView.as_view(),
        name="voucher_batch_delete",
    ),
]
