"""Addresses of tariffs, rates, rate imports, exchange rates and the simulator."""

from django.urls import path

from tariffs.views import (
    copies,
    exchange,
    groups,
    history,
    import_results,
    import_steps,
    imports,
    profiles,
    rates,
    simulator,
    tariffs,
)

app_name = "tariffs"
urlpatterns = [
    path("", tariffs.TariffListView.as_view(), name="tariff_list"),
    path("new/", tariffs.TariffCreateView.as_view(), name="tariff_create"),
    path("simulator/", simulator.SimulatorView.as_view(), name="simulator"),
    path("own/", rates.OwnRatesView.as_view(), name="own_rates"),
    path("own/copy/", copies.OwnRatesCopyView.as_view(), name="own_rates_copy"),
    path("<int:pk>/", rates.TariffDetailView.as_view(), name="tariff_detail"),
    path("<int:pk>/edit/", tariffs.TariffEditView.as_view(), name="tariff_edit"),
    path("<int:pk>/archive/", tariffs.TariffArchiveView.as_view(), name="tariff_archive"),
    path("<int:pk>/customers/", tariffs.TariffCustomersView.as_view(), name="tariff_customers"),
    path("<int:pk>/accounts/", tariffs.TariffAccountsView.as_view(), name="tariff_accounts"),
    path("<int:pk>/copy/", copies.TariffCopyView.as_view(), name="tariff_copy"),
    path("<int:pk>/versions/", tariffs.TariffVersionsView.as_view(), name="tariff_versions"),
    path("<int:pk>/rates/new/", rates.RateCreateView.as_view(), name="rate_create"),
    path("<int:pk>/imports/", imports.ImportListView.as_view(), name="import_list"),
    path("<int:pk>/imports/new/", imports.ImportCreateView.as_view(), name="import_create"),
    path("rates/<int:pk>/change/", rates.RateChangeView.as_view(), name="rate_change"),
    path("rates/<int:pk>/edit/", rates.RateEditView.as_view(), name="rate_edit"),
    path("rates/<int:pk>/delete/", rates.RateDeleteView.as_view(), name="rate_delete"),
    path("rates/<int:pk>/history/", history.RateHistoryView.as_view(), name="rate_history"),
    path("rates/<int:pk>/close/", rates.RateCloseView.as_view(), name="rate_close"),
    path("imports/<int:pk>/", imports.ImportDetailView.as_view(), name="import_detail"),
    path("imports/<int:pk>/progress/", imports.ImportProgressView.as_view(), name="progress"),
    path("imports/<int:pk>/apply/", imports.ImportApplyView.as_view(), name="import_apply"),
    path("imports/<int:pk>/cancel/", imports.ImportCancelView.as_view(), name="import_cancel"),
    path(
        "imports/<int:pk>/columns/",
        import_steps.ImportColumnsView.as_view(),
        name="import_columns",
    ),
    path("imports/<int:pk>/undo/", import_steps.ImportUndoView.as_view(), name="import_undo"),
    path(
        "imports/<int:pk>/rejected/",
        import_results.ImportRejectedView.as_view(),
        name="import_rejected",
    ),
    path(
        "imports/<int:pk>/errors/", import_results.ImportErrorsView.as_view(), name="import_errors"
    ),
    path("imports/<int:pk>/lines/", import_results.ImportLinesView.as_view(), name="import_lines"),
    path("groups/", groups.GroupListView.as_view(), name="group_list"),
    path("groups/new/", groups.GroupCreateView.as_view(), name="group_create"),
    path("groups/<int:pk>/", groups.GroupEditView.as_view(), name="group_edit"),
    path("groups/<int:pk>/delete/", groups.GroupDeleteView.as_view(), name="group_delete"),
    path("profiles/", profiles.ProfileListView.as_view(), name="profile_list"),
    path("profiles/new/", profiles.ProfileCreateView.as_view(), name="profile_create"),
    path("profiles/<int:pk>/", profiles.ProfileEditView.as_view(), name="profile_edit"),
    path("profiles/<int:pk>/copy/", profiles.ProfileCopyView.as_view(), name="profile_copy"),
    path("profiles/<int:pk>/delete/", profiles.ProfileDeleteView.as_view(), name="profile_delete"),
    path("exchange-rates/", exchange.ExchangeRateListView.as_view(), name="exchange_list"),
    path("exchange-rates/new/", exchange.ExchangeRateCreateView.as_view(), name="exchange_create"),
    path("exchange-rates/upload/", exchange.ExchangeUploadView.as_view(), name="exchange_upload"),
    path("exchange-rates/convert/", exchange.ConversionView.as_view(), name="exchange_convert"),
    path(
        "exchange-rates/<slug:pk>/",
        exchange.ExchangeHistoryView.as_view(),
        name="exchange_history",
    ),
]
