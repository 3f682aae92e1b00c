"""The aging report: what the acting customer's payers owe it, by how late it is."""

from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.filters import AgingFilter
from billing.models import Invoice
from billing.selectors.aging import Aging, AgingRow, aging
from billing.tables import AgingTable
from softswitch.core.actors import ActorLike
from softswitch.core.chrome import Tile
from softswitch.core.display import amount_text, date_text, listed
from softswitch.core.tables import Table
from softswitch.core.views import ListView, PageMixin

HEADS = (
    gettext_lazy("Not due"),
    gettext_lazy("1–30 days"),
    gettext_lazy("31–60 days"),
    gettext_lazy("61–90 days"),
    gettext_lazy("Over 90 days"),
)


class IssuerMixin(PageMixin):
    """A page about what the acting customer has invoiced to its customers and accounts."""

    permission = "invoices.view"
    is_for_accounts = False

    @classmethod
    def is_listed_to(cls, actor: ActorLike) -> bool:
        """Who has accounts or customers can have invoiced them; others would find nothing."""
        return super().is_listed_to(actor) and actor.can("accounts.view")


class AgingView(IssuerMixin, ListView):
    """Open amounts by payer and by days after the due date, at the end of a chosen day."""

    model = Invoice
    title = gettext_lazy("Aging")
    template_name = "billing/aging.html"
    rows_template = "billing/aging.html#rows"
    table_class = AgingTable
    filterset_class = AgingFilter
    empty_icon = "banknotes"
    empty_title = gettext_lazy("Nothing is owed")
    empty_text = gettext_lazy("Invoices that are issued and not paid stand here.")

    @cached_property
    def report(self) -> Aging | None:
        """None while the query form is invalid."""
        asked = self.filterset
        as_of = asked.as_of if isinstance(asked, AgingFilter) else None
        return None if as_of is None else aging(self.actor, as_of)

    @cached_property
    def found(self) -> Any:
        return self.report.rows if self.report else []

    def get_table(self) -> Table:
        table = super().get_table()
        if isinstance(table, AgingTable):
            table.lead = self.lead
        if self.report:
            heads = {"currency": self.report.total.currency}
            table.columns["converted_total"].column.verbose_name = _("In %(currency)s") % heads
        return table

    def lead(self, row: AgingRow) -> str:
        """The invoices that an account owes, or that a customer does."""
        if row.account_id is not None:
            return reverse("billing:account_invoices", args=[row.account_id])
        query = urlencode({"text": row.name, "side": "issued"})
        return f"{reverse('billing:invoice_list')}?{query}"

    def get_meta(self) -> str:
        asked = self.filterset
        if self.report is None or not isinstance(asked, AgingFilter) or asked.as_of is None:
            return ""
        parts = [_("At the end of %(day)s, %(zone)s.")]
        if any(row.currency != self.report.total.currency for row in self.report.by_currency):
            parts.append(_("Sums in %(currency)s at today's exchange rates."))
        if self.report.unknown:
            parts.append(_("Without an exchange rate, and in no sum: %(unknown)s."))
        facts = {
            "day": date_text(asked.as_of),
            "zone": self.actor.timezone,
            "currency": self.report.total.currency,
            "unknown": listed(self.report.unknown),
        }
        return " ".join(part % facts for part in parts)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        report = self.report
        return super().get_context_data(
            report=report, tiles=tiles(report) if report else [], heads=HEADS, **kwargs
        )


def tiles(report: Aging) -> list[Tile]:
    """The sum of each bucket, and of all, in the viewer's currency."""
    code = report.total.currency
    named = zip(HEADS, report.total.amounts, strict=True)
    each = [Tile(head, amount_text(amount, code)) for head, amount in named]
    return [*each, Tile(_("Total"), amount_text(report.total.total, code), unit=code)]
