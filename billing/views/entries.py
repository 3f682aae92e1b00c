"""Ledger entries: the list of all that one may see, and the page of one."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.choices import SETTLING, EntryKind
from billing.filters import EntryFilter
from billing.models import LedgerEntry
from billing.selectors.balances import may_see_balance
from billing.selectors.invoice_parts import Settled, settled_from
from billing.selectors.sources import sources_of
from billing.selectors.statements import entries_shown_to, reversal_of
from billing.tables import EntryTable, poster
from billing.views.corrections import reverse_actions
from billing.views.invoice_pages import invoice_link
from billing.views.ledger import closed_actions
from billing.views.settle import statement_url
from softswitch.core.chrome import Action, Link
from softswitch.core.money import ZERO
from softswitch.core.templatetags.money import amount as money
from softswitch.core.views import DetailView, ListView


class EntryListView(ListView):
    """Entries between the actor and its customers, and all below; newest first."""

    permission = "balance.view"
    model = LedgerEntry
    title = gettext_lazy("Ledger entries")
    table_class = EntryTable
    filterset_class = EntryFilter
    empty_icon = "banknotes"
    empty_title = gettext_lazy("Nothing posted yet")
    empty_text = gettext_lazy("Maintenance posts to the balance of a customer.")

    def get_actions(self) -> list[Action]:
        return closed_actions(self.actor)

    def enrich(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return entries_shown_to(rows.select_related("account", "balance"), self.actor)


class EntryDetailView(DetailView):
    """One entry: what was entered, what it became, who posted it as whom."""

    model = LedgerEntry
    template_name = "billing/entry_detail.html"

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        related = ("customer", "account", "period", "balance__customer", "balance__account")
        return entries_shown_to(queryset.select_related(*related), self.actor)

    def check_object(self, obj: LedgerEntry) -> None:
        if not may_see_balance(self.actor, obj.customer):
            raise PermissionDenied

    def get_title(self) -> str:
        return _("Entry %(number)s") % {"number": self.object.pk}

    def get_crumbs(self) -> list[Link]:
        entry: Any = self.object
        return [Link(str(entry.account or entry.customer_name), statement_url(entry.balance))]

    def get_actions(self) -> list[Action]:
        return reverse_actions(self.actor, self.object)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        entry: Any = self.object
        return super().get_context_data(
            kind=EntryKind(entry.kind).label,
            who=poster(entry.who, is_above=entry.is_above),
            acting_as=entry.posted_for,
            reversed_by=reversal_of(self.actor, entry),
            source=sources_of(self.actor, [entry.pk]).get(entry.pk),
            **self.settled(),
            **kwargs,
        )

    def settled(self) -> dict[str, Any]:
        """Of money that came in: what it settled, and what is left of it for later."""
        entry: Any = self.object
        if entry.amount <= ZERO or entry.kind not in SETTLING:
            return {}
        code, rows = entry.balance.currency_id, settled_from(entry)
        used = sum((row.amount for row in rows), ZERO)
        may_open = self.actor.can("invoices.view")
        return {
            "settled": [
                (row.at, target_of(row, may_open=may_open), money(row.amount, code)) for row in rows
            ],
            "used": money(used, code),
            "unused": money(entry.amount - used, code),
        }


def target_of(row: Settled, *, may_open: bool) -> Any:
    """What was settled, linked to its page."""
    if row.invoice is not None:
        return invoice_link(row.invoice) if may_open else str(row.invoice)
    url = reverse("billing:entry_detail", args=[row.entry_id])
    return format_html('<a href="{}">{}</a>', url, EntryKind(row.kind).label)
