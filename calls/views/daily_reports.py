"""Automatic reports: their history, their files, and one more sending."""

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.timezone import override as zone_override
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from calls.filters import DailyReportFilter
from calls.models import DailyReport
from calls.selectors.daily_calls import call_heads, day_lines
from calls.selectors.daily_links import report_of_link, with_parties
from calls.selectors.daily_reports import currency_of, has_file, with_names
from calls.selectors.storage import archived_between
from calls.services.daily_reports.contents import file_name
from calls.services.daily_reports.sending import send_again
from calls.tables import DailyReportTable
from softswitch.core import exports
from softswitch.core.errors import DomainError
from softswitch.core.views import ActionView, ListView
from softswitch.core.views.access import ScopedMixin
from softswitch.core.views.links import LinkView

READ = "reports.view"
SEND = "customers.edit"


class DailyReportListView(ListView):
    """What was told about which day, and what waits; a customer's own and those below."""

    model = DailyReport
    permission = READ
    is_for_accounts = False
    title = gettext_lazy("Automatic reports")
    table_class = DailyReportTable
    filterset_class = DailyReportFilter
    empty_icon = "envelope"
    empty_title = gettext_lazy("No automatic reports yet")
    empty_text = gettext_lazy("Customers and classes have them among their settings.")

    def refine(self, queryset: QuerySet[DailyReport]) -> QuerySet[Any]:
        return with_names(queryset, self.actor)


class DailyReportFileView(ScopedMixin):
    """The file of a report as it was sent, or of many calls as they are charged by now."""

    model = DailyReport
    permission = READ
    is_for_accounts = False

    def refine(self, queryset: QuerySet[DailyReport]) -> QuerySet[Any]:
        return with_parties(queryset).select_related("file")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        report = self.get_object()
        if not has_file(report):
            raise Http404
        try:
            return file_response(report, request.GET.get("format", ""))
        except DomainError as error:
            messages.error(request, error.message)
            return HttpResponseRedirect(reverse("calls:daily_report_list"))


class SendAgainView(ActionView):
    """One report once more, as its day stands now."""

    model = DailyReport
    permission = SEND
    return_url_name = "calls:daily_report_list"
    success_message = gettext_lazy("The report is on its way again.")

    def refine(self, queryset: QuerySet[DailyReport]) -> QuerySet[Any]:
        return with_parties(queryset)

    def service(self, obj: DailyReport) -> None:
        send_again(actor=self.actor, report=obj)


class ReportByLinkView(LinkView):
    """The calls of a day by the signed link of a letter."""

    hint = gettext_lazy("Sign in to the portal: the file is there, among the automatic reports.")

    def find(self, token: str) -> DailyReport | None:
        return report_of_link(token)

    def open(self, found: DailyReport) -> HttpResponseBase:
        return file_response(found, self.request.GET.get("format", ""))


def file_response(report: DailyReport, asked: str) -> HttpResponseBase:
    """The kept file, or the calls as CSV while they are read, or as XLSX.

    In the language of the customer and the zone of the day. Raises DomainError ``archived``.
    """
    if report.file is not None:
        response = HttpResponse(bytes(report.file.content), content_type=report.file.content_type)
        response["Content-Disposition"] = f'attachment; filename="{report.file.name}"'
        return response
    if asked not in ("", "csv", "xlsx"):
        raise Http404
    if archived_between(report.since, report.until):
        raise DomainError("archived", _("The calls of this day are archived."))
    name = file_name(report, "calls", "", told_at=report.sent_at).removesuffix(".")
    with override(report.customer.language), zone_override(ZoneInfo(str(report.timezone))):
        heads = call_heads(currency_of(report))
        if asked == "xlsx":
            return exports.xlsx_response(name, heads, day_lines(report, is_text=False))
    return exports.csv_response(name, heads, day_lines(report, is_text=True))
