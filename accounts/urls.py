"""Addresses of accounts, trunks and hosts."""

from django.urls import path

from accounts.views import accounts, trunks

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
]
