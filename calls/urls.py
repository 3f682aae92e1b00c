"""Addresses of calls, reports, re-ratings, what-ifs, unrated calls, CDR files, and switches."""

from django.urls import path

from calls.views import (
    calls,
    daily_reports,
    imports,
    re_rating,
    reports,
    storage,
    switches,
    unrated,
    what_if,
    what_if_compare,
    what_if_result,
)

app_name = "calls"
urlpatterns = [
    path("", calls.CallListView.as_view(), name="call_list"),
    path("totals/", calls.CallTotalsView.as_view(), name="call_totals"),
    path("<int:pk>/", calls.CallDetailView.as_view(), name="call_detail"),
    path("reports/", reports.ReportView.as_view(), name="report"),
    path("reports/chart/", reports.ReportChartView.as_view(), name="report_chart"),
    path(
        "automatic-reports/",
        daily_reports.DailyReportListView.as_view(),
        name="daily_report_list",
    ),
    path(
        "automatic-reports/<int:pk>/file/",
        daily_reports.DailyReportFileView.as_view(),
        name="daily_report_file",
    ),
    path(
        "automatic-reports/<int:pk>/send-again/",
        daily_reports.SendAgainView.as_view(),
        name="daily_report_send",
    ),
    path(
        "automatic-reports/by-link/<str:token>/",
        daily_reports.ReportByLinkView.as_view(),
        name="report_by_link",
    ),
    path("what-if/", what_if.WhatIfListView.as_view(), name="what_if_list"),
    path("what-if/new/", what_if.WhatIfCreateView.as_view(), name="what_if_create"),
    path("what-if/compare/", what_if_compare.WhatIfCompareView.as_view(), name="what_if_compare"),
    path("what-if/<int:pk>/", what_if_result.WhatIfResultView.as_view(), name="what_if"),
    path("what-if/<int:pk>/again/", what_if.WhatIfAgainView.as_view(), name="what_if_again"),
    path("what-if/<int:pk>/rename/", what_if.WhatIfRenameView.as_view(), name="what_if_rename"),
    path("what-if/<int:pk>/delete/", what_if.WhatIfDeleteView.as_view(), name="what_if_delete"),
    path("unrated/", unrated.UnratedListView.as_view(), name="unrated_list"),
    path("unrated/<int:pk>/settle/", unrated.SettleView.as_view(), name="unrated_settle"),
    path("unrated/rate-again/", unrated.RateAllAgainView.as_view(), name="rate_all_again"),
    path("re-ratings/", re_rating.ReRatingListView.as_view(), name="re_rating_list"),
    path("re-ratings/new/", re_rating.ReRatingCreateView.as_view(), name="re_rating_create"),
    path("re-ratings/<int:pk>/", re_rating.ReRatingDetailView.as_view(), name="re_rating_detail"),
    path(
        "re-ratings/<int:pk>/progress/",
        re_rating.ReRatingProgressView.as_view(),
        name="re_rating_progress",
    ),
    path(
        "re-ratings/<int:pk>/calls/",
        re_rating.ReRatingProblemsView.as_view(),
        name="re_rating_problems",
    ),
    path(
        "re-ratings/<int:pk>/preview/",
        re_rating.ReRatingPreviewView.as_view(),
        name="re_rating_preview",
    ),
    path(
        "re-ratings/<int:pk>/apply/", re_rating.ReRatingApplyView.as_view(), name="re_rating_apply"
    ),
    path("re-ratings/<int:pk>/undo/", re_rating.ReRatingUndoView.as_view(), name="re_rating_undo"),
    path(
        "re-ratings/<int:pk>/discard/",
        re_rating.ReRatingDiscardView.as_view(),
        name="re_rating_discard",
    ),
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
