"""Addresses of accounts, trunks and hosts."""

from django.urls import path

from accounts.views import accounts, trunks, voucher_steps, vouchers

app_name = "accounts"
urlpatterns = [
    path("", accounts.AccountListView.as_view(), name="account_list"),
    path("new/", accounts.AccountCreateView.as_view(), name="account_create"),
    path("<int:pk>/", accounts.AccountDetailView.as_view(), name="account_detail"),
    path("<int:pk>/edit/", accounts.AccountEditView.as_view(), name="account_edit"),
    path("trunks/", trunks.TrunkListView.as_view(), name="trunk_list"),
    path("trunks/new/", trunks.TrunkCreateView.as_view(), name="trunk_create"),
    path("trunks/<int:pk>/", trunks.TrunkDetailView.as_view(), name="trunk_detail"),
    path("trunks/<int:pk>/edit/", trunks.TrunkEditView.as_view(), name="trunk_edit"),
    path("trunks/<int:pk>/hosts/new/", trunks.HostCreateView.as_view(), name="host_create"),
    path("hosts/", trunks.HostListView.as_view(), name="host_list"),
    path("hosts/<int:pk>/remove/", trunks.HostRemoveView.as_view(), name="host_remove"),
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
