"""The lists of invoices: all that one sees, those of one customer, periods without any."""

from functools import cached_property
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account
from billing.choices import InvoiceStatus
from billing.filters import InvoiceFilter, UnbilledFilter
from billing.forms import DiscardForm
from billing.models import BillingPeriod, Invoice
from billing.selectors.balances import display_currency
from billing.selectors.invoice_parts import unbilled_periods
from billing.selectors.invoices import (
    COUNT_LIMIT,
    OpenSums,
    invoices_shown_to,
    may_bill,
    open_sums,
    status_counts,
)
from billing.services.drafts import discard_draft, make_draft
from billing.services.issuing import issue_invoice
from billing.tables import InvoiceTable, UnbilledTable
from billing.views.payers import payer_crumbs
from customers.models import Customer
from customers.tenancy import Actor
from softswitch.core import display
from softswitch.core.chrome import Action, BulkAction, Link, Tab
from softswitch.core.paging import capped_count
from softswitch.core.views import ListView
from softswitch.core.views.access import rows_of

# Copies of both parties and of the terms: wide, and no list shows them.
COPIES = ("terms", "issuer_data", "customer_data")


def issue(*, actor: Actor, record: Invoice) -> None:
    """Issue a draft, dated today."""
    issue_invoice(actor=actor, invoice=record)


def discard(*, actor: Actor, record: Invoice, reason: str) -> None:
    """Delete a draft."""
    discard_draft(actor=actor, invoice=record, reason=reason)


def draft(*, actor: Actor, record: BillingPeriod) -> None:
    """Make the draft of a closed period."""
    make_draft(actor=actor, period=record)


class InvoiceListView(ListView):
    """Invoices and credit notes between the actor and its customers and accounts, and below."""

    permission = "invoices.view"
    model = Invoice
    title = gettext_lazy("Invoices")
    table_class = InvoiceTable
    filterset_class = InvoiceFilter
    bulk_actions = (
        BulkAction(
            "issue",
            gettext_lazy("Issue"),
            issue,
            "paper-airplane",
            "money.manage",
            confirm=True,
            done=gettext_lazy("issued"),
        ),
        BulkAction(
            "discard",
            gettext_lazy("Discard"),
            discard,
            "x-mark",
            "money.manage",
            danger=True,
            form_class=DiscardForm,
            done=gettext_lazy("discarded"),
        ),
    )
    empty_icon = "document-text"
    empty_title = gettext_lazy("No invoices yet")
    empty_text = gettext_lazy("Closing a billing period drafts its invoice.")

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.defer(*COPIES)

    def enrich(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return invoices_shown_to(rows.select_related("account", "period", "issuer"), self.actor)

    def check_object(self, obj: Invoice) -> None:
        if not may_bill(self.actor, obj):
            raise PermissionDenied

    def get_actions(self) -> list[Action]:
        url = reverse("billing:invoice_create")
        return [Action(_("New invoice"), url, "plus", "money.manage", primary=True)]

    @cached_property
    def of_any_status(self) -> QuerySet[Any]:
        """What the query form finds without its status: what the tabs count."""
        if not self.request.GET.get("status"):
            return self.found
        asked = self.request.GET.copy()
        del asked["status"]
        rows: QuerySet[Any] = InvoiceFilter(
            asked, queryset=self.get_queryset(), actor=self.actor, request=self.request
        ).qs
        return rows

    def get_tabs(self) -> list[Tab]:
        """One per status, over what else is asked for."""
        counts = self.get_counts()
        current = self.request.GET.get("status", "")
        labels = {"": _("All")} | {status.value: str(status.label) for status in InvoiceStatus}
        return [
            Tab(label, self.status_url(status), status == current, counts.get(status))
            for status, label in labels.items()
        ]

    def get_counts(self) -> dict[str, int | str]:
        """How many there are of each status; not told of a text that many hold."""
        rows = self.of_any_status
        if self.request.GET.get("text") and capped_count(rows, COUNT_LIMIT)[1]:
            return {}
        return {name: count_text(found) for name, found in status_counts(rows, self.actor).items()}

    def get_count_limit(self) -> int | None:
        return COUNT_LIMIT if self.request.GET.get("text") else super().get_count_limit()

    def status_url(self, status: str) -> str:
        """The list as it is asked for, from its first page, in another status."""
        asked = self.request.GET.copy()
        for name in ("page", "status", "export"):
            asked.pop(name, None)
        if status:
            asked["status"] = status
        return "?" + asked.urlencode()

    def get_meta(self) -> str:
        shown = display_currency(self.actor)
        return open_text(open_sums(self.found, self.actor, shown), shown.code)


class CustomerInvoiceListView(InvoiceListView):
    """The invoices of one customer, and of its accounts."""

    parent_model = Customer

    @cached_property
    def customer(self) -> Customer:
        """The customer of the URL: 404 if it is out of scope, 403 without the right."""
        found: Customer = get_object_or_404(rows_of(Customer, self.actor), pk=self.kwargs["pk"])
        if found.pk != self.actor.customer_id and not self.actor.can("customers.view"):
            raise PermissionDenied
        return found

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return super().refine(queryset).filter(customer=self.customer)

    def get_title(self) -> str:
        return _("Invoices of %(name)s") % {"name": self.customer.name}

    def get_crumbs(self) -> list[Link]:
        return payer_crumbs(self.actor, self.customer)


class AccountInvoiceListView(InvoiceListView):
    """The invoices of one account that is charged by itself."""

    parent_model = Account

    @cached_property
    def account(self) -> Account:
        """The account of the URL: 404 if it is out of scope."""
        found: Account = get_object_or_404(rows_of(Account, self.actor), pk=self.kwargs["pk"])
        return found

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return super().refine(queryset).filter(account=self.account)

    def get_title(self) -> str:
        return _("Invoices of %(name)s") % {"name": self.account}

    def get_crumbs(self) -> list[Link]:
        return payer_crumbs(self.actor, self.account)


class InvoiceCreateView(ListView):
    """Closed periods without an invoice: a draft is made of one, or of all that are ticked."""

    permission = "money.manage"
    is_for_accounts = False
    model = BillingPeriod
    title = gettext_lazy("New invoice")
    table_class = UnbilledTable
    filterset_class = UnbilledFilter
    bulk_actions = (
        BulkAction(
            "draft",
            gettext_lazy("Make drafts"),
            draft,
            "document-plus",
            "money.manage",
            done=gettext_lazy("drafted"),
        ),
    )
    empty_icon = "document-text"
    empty_title = gettext_lazy("Nothing to invoice")
    empty_text = gettext_lazy("Every closed billing period has its invoice.")

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return unbilled_periods(queryset, self.actor)

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Invoices"), reverse("billing:invoice_list"))]

    def get_meta(self) -> str:
        return _("Closed billing periods without an invoice. A draft is looked at before issue.")


def count_text(number: int) -> int | str:
    """A number of rows, or that there are more than are counted."""
    if number <= COUNT_LIMIT:
        return number
    return display.number_text(COUNT_LIMIT) + "+"


def open_text(sums: OpenSums, code: str) -> str:
    """What is open on each side, in words; nothing where nothing is open."""
    parts = [
        text % {"amount": f"{display.amount_text(amount, code)} {code}"}
        for amount, text in (
            (sums.receivable, _("%(amount)s to receive")),
            (sums.payable, _("%(amount)s to pay")),
            (sums.below, _("%(amount)s between others below")),
        )
        if amount
    ]
    if sums.unknown:
        parts.append(_("%(codes)s without a rate") % {"codes": display.listed(sums.unknown)})
    if not parts:
        return ""
    day = {"day": display.date_text(now()), "sums": display.listed(parts)}
    return _("Open at the rates of %(day)s: %(sums)s.") % day
