"""The page of one invoice or credit note: lines, taxes, sums, what settled it, what it posted."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from billing.choices import EntryKind, InvoiceKind, InvoiceState, InvoiceStatus, Mode, TaxMode
from billing.models import Invoice
from billing.selectors.balances import may_see_balance
from billing.selectors.invoice_parts import (
    Related,
    Settled,
    creditable,
    entries_of,
    line_groups,
    line_sum,
    related_to,
    settled_by,
    spent_on,
    taxes_of,
)
from billing.selectors.invoices import invoices_shown_to, is_received, may_bill
from billing.selectors.rate_tables import has_rate_table
from billing.tables import payer_text, poster
from customers.models import Customer
from customers.tenancy import Actor
from softswitch.core import display
from softswitch.core.chrome import Action, Link
from softswitch.core.money import ZERO
from softswitch.core.templatetags.money import amount as money
from softswitch.core.views import DetailView
from softswitch.core.views.access import rows_of

RELATED = ("account", "balance", "period", "customer", "issuer", "voided_by")
# The files of an invoice, each shown where its page exists: label, address, icon, right, which
# the calls need beside that of the invoice: they stand in the menu.
DOWNLOADS = (
    (gettext_lazy("Document"), "billing:invoice_pdf", "document-arrow-down", None),
    (gettext_lazy("Calls as CSV"), "billing:invoice_annex", "table-cells", "cdrs.view"),
)


class InvoiceDetailView(DetailView):
    """One invoice or credit note, for its issuer, those above, and who it is for once issued."""

    permission = "invoices.view"
    model = Invoice
    template_name = "billing/invoice_detail.html"

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return invoices_shown_to(queryset.select_related(*RELATED), self.actor)

    def get_title(self) -> str:
        if self.object.kind == InvoiceKind.CREDIT_NOTE:
            return _("Credit note %(number)s") % {"number": self.object.number}
        if self.object.state == InvoiceState.DRAFT:
            return _("Draft invoice")
        return _("Invoice %(number)s") % {"number": self.object.number}

    def get_status(self) -> InvoiceStatus:
        return InvoiceStatus(self.object.status)

    def get_meta(self) -> str:
        invoice = self.object
        if invoice.period is None:
            return payer_text(invoice, invoice.account)
        names = {
            "name": payer_text(invoice, invoice.account),
            "days": display.days_text(*invoice.period.days),
            "zone": invoice.period.timezone,
        }
        return _("%(name)s, %(days)s, %(zone)s") % names

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Invoices"), reverse("billing:invoice_list"))]

    def get_actions(self) -> list[Action]:
        return [*downloads(self.object), *invoice_actions(self.actor, self.object, self.related)]

    @property
    def related(self) -> Related:
        """The documents around this one, read once."""
        if not hasattr(self, "_related"):
            self._related = related_to(self.actor, self.object)
        return self._related

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        invoice, actor = self.object, self.actor
        is_issuer = not is_received(invoice, actor)
        settled, spent = settled_by(invoice), spent_on(invoice)
        return super().get_context_data(
            facts=list(facts_of(actor, invoice, self.related)),
            groups=line_groups(actor, invoice, is_whole="lines" in self.request.GET),
            taxes=taxes_of(invoice),
            lines_amount=line_sum(invoice),
            is_included=invoice.tax_mode == TaxMode.INCLUDED,
            is_credit=invoice.kind == InvoiceKind.CREDIT_NOTE,
            owed=-invoice.total,
            settled=[source_row(actor, invoice, row) for row in settled],
            paid=sum_of(settled, invoice),
            spent=[source_row(actor, invoice, row) for row in spent],
            used=sum_of(spent, invoice),
            unused=money(unused(invoice, spent), invoice.currency_id),
            is_source=is_source(invoice),
            entries=entries_of(actor, invoice),
            notes=list(notes_of(actor, invoice)) if is_issuer else [],
            switch_to=self.switch_to() if is_issuer else None,
            credit_notes=self.related.credit_notes,
            timeline=timeline_of(actor, invoice, self.related),
            **kwargs,
        )

    def switch_to(self) -> Customer | None:
        """Who issues it, where that is a customer below the viewer: it acts, the viewer reads."""
        if self.object.issuer_id == self.actor.customer_id:
            return None
        rows = rows_of(Customer, self.actor).filter(pk=self.object.issuer_id, archived_at=None)
        found: Customer | None = rows.first()
        return found


def downloads(invoice: Invoice) -> list[Action]:
    """The document, of a draft as it would be, and the calls behind it; a credit note has none."""
    found = [
        Action(label, url, icon, right, more=right is not None)
        for label, name, icon, right in DOWNLOADS
        if (invoice.period is not None or right is None) and (url := _url_of(name, invoice))
    ]
    if has_rate_table(invoice):
        url = reverse("billing:invoice_rates", args=[invoice.pk])
        found.append(Action(_("Rates as CSV"), url, "table-cells", more=True))
    return found


def _url_of(name: str, invoice: Invoice) -> str:
    try:
        return reverse(name, args=[invoice.pk])
    except NoReverseMatch:
        return ""


def invoice_actions(actor: Actor, invoice: Invoice, related: Related) -> list[Action]:
    """What its issuer can do with an invoice in its state."""
    if not may_bill(actor, invoice):
        return []

    def action(label: str, name: str, icon: str, **options: Any) -> Action:
        url = reverse(f"billing:invoice_{name}", args=[invoice.pk])
        return Action(label, url, icon, "money.manage", **options)

    if invoice.state == InvoiceState.DRAFT:
        return [
            action(_("Compute again"), "refresh", "arrow-path", post=True),
            action(_("Issue"), "issue", "paper-airplane", primary=True),
            action(_("Discard"), "discard", "x-mark", danger=True, more=True),
        ]
    if invoice.kind == InvoiceKind.CREDIT_NOTE:
        return []
    if invoice.state == InvoiceState.VOID:
        is_free = related.replaced_by is None
        return (
            [action(_("Re-issue"), "reissue", "document-duplicate", post=True)] if is_free else []
        )
    return [*_corrections(invoice, related), *payment_actions(invoice)]


def _corrections(invoice: Invoice, related: Related) -> Iterator[Action]:
    """How an issued invoice is taken back, in part or whole."""
    right = "money.manage"
    if creditable(invoice, related):
        url = reverse("billing:invoice_credit", args=[invoice.pk])
        yield Action(_("Credit note"), url, "receipt-refund", right)
    if not related.credit_notes:
        url = reverse("billing:invoice_void", args=[invoice.pk])
        yield Action(pgettext("button", "Void"), url, "no-symbol", right, danger=True, more=True)


def payment_actions(invoice: Invoice) -> list[Action]:
    """The way to record what came in for an invoice that is open."""
    if not (invoice.open_amount and is_live(invoice)):
        return []
    url = payment_url(invoice)
    return [Action(_("Record a payment"), url, "banknotes", "money.manage", primary=True)]


def is_live(invoice: Invoice) -> bool:
    """Whether its payer is still there to pay it."""
    payer = invoice.account or invoice.customer
    return invoice.balance.closed_at is None and payer.archived_at is None


def payment_url(invoice: Invoice) -> str:
    """Maintenance, with what is open of ``invoice`` filled in."""
    name, key = ("maintenance", invoice.customer_id)
    if invoice.account_id is not None:
        name, key = "account_maintenance", invoice.account_id
    return reverse(f"billing:{name}", args=[key]) + f"?invoice={invoice.pk}"


def facts_of(actor: Actor, invoice: Any, related: Related) -> Iterator[tuple[str, Any]]:
    """Label and value pairs of the facts panel."""
    yield _("Customer"), customer_link(actor, invoice)
    yield _("Issued by"), invoice.issuer_name or _("Your provider")
    if invoice.period is not None:
        yield _("Billing period"), display.days_text(*invoice.period.days)
    yield _("Issued"), _day(invoice.issued_on)
    if invoice.kind == InvoiceKind.INVOICE:
        yield _("Due"), _day(invoice.due_on)
        yield _("Terms"), Mode(invoice.mode).label
    yield _("Currency"), invoice.currency_id
    for label, other in (
        (_("Replaces"), related.replaces),
        (_("Replaced by"), related.replaced_by),
        (_("Corrects"), related.corrects),
    ):
        if other is not None:
            yield label, invoice_link(other)
    if invoice.reason:
        yield _("Reason"), format_html("<bdi>{}</bdi>", invoice.reason)


def customer_link(actor: Actor, invoice: Any) -> SafeString | str:
    """The payer, linked to its page where the viewer may open that."""
    text = payer_text(invoice, invoice.account)
    is_open = actor.account_id is None and actor.can("customers.view")
    if not is_open or is_received(invoice, actor) or invoice.balance.closed_at is not None:
        return text
    url = reverse("customers:customer_detail", args=[invoice.customer_id])
    return format_html('<a href="{}"><bdi>{}</bdi></a>', url, text)


def invoice_link(invoice: Invoice) -> SafeString:
    """An invoice by its number, linked to its page."""
    url = reverse("billing:invoice_detail", args=[invoice.pk])
    return format_html('<a href="{}">{}</a>', url, invoice)


def source_row(actor: Actor, invoice: Invoice, row: Settled) -> tuple[datetime, Any, Any]:
    """When, what (linked where the viewer may open it) and how much, for a table."""
    shown = money(row.amount, invoice.currency_id)
    if row.invoice is not None:
        return row.at, invoice_link(row.invoice), shown
    label = EntryKind(row.kind).label
    if not may_see_balance(actor, invoice.customer):
        return row.at, label, shown
    url = reverse("billing:entry_detail", args=[row.entry_id])
    return row.at, format_html('<a href="{}">{}</a>', url, label), shown


def sum_of(rows: list[Settled], invoice: Invoice) -> str:
    """What the rows of a table add up to."""
    return money(sum((row.amount for row in rows), ZERO), invoice.currency_id)


def is_source(invoice: Invoice) -> bool:
    """Whether it is money for the payer: an issued credit note, or an invoice below 0."""
    is_credit = invoice.kind == InvoiceKind.CREDIT_NOTE or invoice.total < ZERO
    return is_credit and invoice.state == InvoiceState.ISSUED


def unused(invoice: Invoice, spent: list[Settled]) -> Decimal:
    """What of such money is left for later invoices."""
    return abs(invoice.total) - sum((row.amount for row in spent), ZERO)


def notes_of(actor: Actor, invoice: Invoice) -> Iterator[tuple[str, str]]:
    """What the issuing side has to know of a draft: tone and text."""
    if invoice.state != InvoiceState.DRAFT:
        return
    if invoice.problem:
        yield "warn", invoice.problem
    if invoice.issue_after is not None:
        at = display.datetime_text(invoice.issue_after)
        yield "", _("It is issued by itself after %(at)s.") % {"at": at}


def timeline_of(actor: Actor, invoice: Any, related: Related) -> list[tuple[datetime, str]]:
    """What happened to it, in order: moment and text; a draft's making is the issuer's own."""
    found = []
    if not is_received(invoice, actor):
        found.append((invoice.created_at, _("Drafted")))
    if invoice.issued_at is not None:
        found.append((invoice.issued_at, _("Issued")))
    if invoice.mailed_at is not None:
        found.append((invoice.mailed_at, _("Sent by e-mail")))
    found += [
        (note.issued_at, _("Credit note %(number)s") % {"number": note.number})
        for note in related.credit_notes
    ]
    if invoice.voided_at is not None:
        found.append((invoice.voided_at, voided_text(actor, invoice)))
    return sorted(found, key=lambda row: row[0])


def voided_text(actor: Actor, invoice: Any) -> str:
    """That it was voided, and by whom as far as the viewer may know."""
    user = invoice.voided_by
    if user is None:
        return _("Voided")
    seen = rows_of(Customer, actor).filter(pk=user.customer_id).exists()
    name = poster(user.name or user.login, is_above=not seen)
    return _("Voided by %(name)s") % {"name": name}


def _day(value: Any) -> str:
    return display.DASH if value is None else display.date_text(value)
