"""Addresses of calls, reports, unrated calls, deliveries of CDR files, and switches."""

from django.urls import path

from calls.views import calls, imports, reports, storage, switches, unrated

app_name = "calls"
urlpatterns = [
    path("", calls.CallListView.as_view(), name="call_list"),
    path("totals/", calls.CallTotalsView.as_view(), name="call_totals"),
    path("<int:pk>/", calls.CallDetailView.as_view(), name="call_detail"),
    path("reports/", reports.ReportView.as_view(), name="report"),
    path("reports/chart/", reports.ReportChartView.as_view(), name="report_chart"),
    path("unrated/", unrated.UnratedListView.as_view(), name="unrated_list"),
    path("unrated/<int:pk>/settle/", unrated.SettleView.as_view(), name="unrated_settle"),
    path("unrated/rate-again/", unrated.RateAllAgainView.as_view(), name="rate_all_again"),
    path("imports/", imports.ImportListView.as_view(), name="import_list"),
    path("imports/new/", imports.ImportCreateView.as_view(), name="import_create"),
    path("imports/conflicts/", imports.ConflictListView.as_view(), name="conflict_list"),
    path("imports/<int:pk>/", imports.ImportDetailView.as_view(), name="import_detail"),
    path("imports/<int:pk>/rejected.csv", imports.ImportErrorsView.as_view(), name="import_errors"),
    path("storage/", storage.StorageView.as_view(), name="storage"),
    path("switches/", switches.SwitchListView.as_view(), name="switch_list"),
    path("switches/new/", switches.SwitchCreateView.as_view(), name="switch_create"),
    path("switches/<int:pk>/", switches.SwitchEditView.as_view(), name="switch_edit"),
    path("switches/<int:pk>/token/", switches.SwitchTokenView.as_view(), name="switch_token"),
]
