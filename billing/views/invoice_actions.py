"""What an issuer does with its invoices: issue, compute again, discard, void, re-issue, credit."""

from collections.abc import Iterator
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from billing.choices import InvoiceKind, InvoiceState
from billing.forms import CreditNoteForm, DiscardForm, IssueForm, VoidForm
from billing.models import BillingPeriod, Invoice
from billing.selectors.ended import may_bill_for
from billing.selectors.invoice_parts import creditable, related_to
from billing.selectors.invoices import invoices_shown_to, is_received, may_bill
from billing.services.credit_notes import issue_credit_note
from billing.services.drafts import discard_draft, make_draft, refresh_draft
from billing.services.issuing import issue_invoice
from billing.services.voiding import reissue_invoice, void_invoice
from billing.tables import payer_text
from softswitch.core import display
from softswitch.core.chrome import Link, Text
from softswitch.core.money import minor_units
from softswitch.core.views import ActionView, EditView
from softswitch.core.views.access import PageMixin, ScopedMixin


class IssuerMixin(PageMixin, ScopedMixin):
    """An invoice that the actor's own customer issues; those above it read, and are told so."""

    permission = "money.manage"
    is_for_accounts = False
    model = Invoice

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows = queryset.select_related("account", "period", "balance", "issuer")
        return invoices_shown_to(rows, self.actor)

    def check_object(self, obj: Invoice) -> None:
        if is_received(obj, self.actor):
            raise PermissionDenied
        if not may_bill(self.actor, obj):
            raise PermissionDenied(_("Its issuer does this. Switch to the issuer first."))

    def page_of(self, invoice: Invoice) -> str:
        return reverse("billing:invoice_detail", args=[invoice.pk])


class InvoiceFormView(IssuerMixin, EditView):
    """A question about one invoice; one that is in another state by now leads back to its page."""

    template_name = "billing/invoice_form.html"
    close_label = ""
    states: ClassVar[tuple[str, ...]] = ()

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.object = self.get_object()
        if self.object.state not in self.states or self.object.kind != InvoiceKind.INVOICE:
            messages.info(request, _("This is not possible in its present state."))
            return HttpResponseRedirect(self.page_of(self.object))
        return self.render(form=self.get_form())

    def get_crumbs(self) -> list[Link]:
        invoices = Link(_("Invoices"), reverse("billing:invoice_list"))
        return [invoices, Link(str(self.object), self.page_of(self.object))]

    def get_facts(self) -> Iterator[tuple[Text, Text]]:
        """What it is about."""
        invoice = self.object
        yield _("Customer"), payer_text(invoice, invoice.account)
        yield _("Billing period"), display.days_text(*invoice.period.days)
        yield _("Total"), money_text(invoice.total, invoice.currency_id)

    def get_warning(self) -> Text:
        return ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            facts=list(self.get_facts()),
            warning=self.get_warning(),
            button_label=self.save_label,
            **kwargs,
        )

    def get_stay_url(self, saved: Any) -> str:
        return self.page_of(saved or self.object)

    def get_close_url(self, saved: Any) -> str:
        return self.page_of(saved or self.object)


class InvoiceIssueView(InvoiceFormView):
    """Gives a draft its number and date, posts and freezes it."""

    states = (InvoiceState.DRAFT,)
    form_class = IssueForm
    title = gettext_lazy("Issue this invoice?")
    save_label = gettext_lazy("Issue")

    def get_initial(self) -> dict[str, Any]:
        zone = ZoneInfo(str(self.actor.customer.timezone))
        return {"issued_on": now().astimezone(zone).date()}

    def get_facts(self) -> Iterator[tuple[Text, Text]]:
        yield from super().get_facts()
        yield _("Number"), _("The next of its series. Numbers have no gaps.")
        yield _("Posted"), _("Fees, surcharge, tax and rounding, to its billing period.")

    def service(self, form: IssueForm) -> Invoice:
        day = form.cleaned_data["issued_on"]
        return issue_invoice(actor=self.actor, invoice=self.object, issued_on=day)

    def get_success_message(self, saved: Invoice) -> str:
        return _("Issued as %(number)s.") % {"number": saved.number}


class InvoiceConfirmView(InvoiceFormView):
    """A question with a red button."""

    template_name = "confirm.html"


class InvoiceDiscardView(InvoiceConfirmView):
    """Deletes a draft; its period can be invoiced again."""

    states = (InvoiceState.DRAFT,)
    form_class = DiscardForm
    title = gettext_lazy("Discard this draft?")
    save_label = gettext_lazy("Discard the draft")
    success_message = gettext_lazy("Discarded. The period can be invoiced again.")

    def service(self, form: DiscardForm) -> None:
        reason = form.cleaned_data["reason"]
        discard_draft(actor=self.actor, invoice=self.object, reason=reason)

    def get_stay_url(self, saved: None) -> str:
        return reverse("billing:invoice_list")


class InvoiceVoidView(InvoiceConfirmView):
    """Takes back an issued invoice; it keeps its number."""

    states = (InvoiceState.ISSUED,)
    form_class = VoidForm
    success_message = gettext_lazy("Voided. It can be issued again under a new number.")

    def get_title(self) -> str:
        return _("Void %(number)s?") % {"number": self.object}

    def get_warning(self) -> str:
        return _("This cannot be undone. The invoice keeps its number and is marked as void.")

    def get_facts(self) -> Iterator[tuple[Text, Text]]:
        yield from super().get_facts()
        yield _("Reversed"), _("What issuing posted: fees, surcharge, tax and rounding.")
        paid = self.object.total - self.object.open_amount
        if paid > 0:
            text = _("%(amount)s of payments, for the oldest open invoices.")
            yield _("Freed"), text % {"amount": money_text(paid, self.object.currency_id)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return context | {"button_label": _("Void %(number)s") % {"number": self.object}}

    def service(self, form: VoidForm) -> Invoice:
        reason = form.cleaned_data["reason"]
        return void_invoice(actor=self.actor, invoice=self.object, reason=reason)


class InvoiceCreditView(InvoiceFormView):
    """Takes back a part of an issued invoice, or all of it, by a document of its own."""

    states = (InvoiceState.ISSUED,)
    form_class = CreditNoteForm
    title = gettext_lazy("Credit note")
    save_label = gettext_lazy("Issue credit note")

    @cached_property
    def left(self) -> Decimal:
        """How much credit notes may still take back."""
        return creditable(self.object, related_to(self.actor, self.object))

    def get_initial(self) -> dict[str, Any]:
        decimals = minor_units(self.object.currency_id)
        return {"amount": round(self.left, decimals)}

    def get_facts(self) -> Iterator[tuple[Text, Text]]:
        yield from super().get_facts()
        code = self.object.currency_id
        yield pgettext("amount", "Open"), money_text(self.object.open_amount, code)
        yield _("Can be credited"), money_text(self.left, code)
        yield _("Posted"), _("To the open period. It settles this invoice first.")

    def service(self, form: CreditNoteForm) -> Invoice:
        data = form.cleaned_data
        return issue_credit_note(
            actor=self.actor,
            invoice=self.object,
            amount=data["amount"],
            reason=data["reason"],
            key=str(data["idempotency_key"]),
        )

    def get_success_message(self, saved: Invoice) -> str:
        return _("Credit note %(number)s is issued.") % {"number": saved.number}


class InvoiceRefreshView(IssuerMixin, ActionView):
    """Computes a draft anew from what its period holds now."""

    success_message = gettext_lazy("Computed again.")
    return_url_name = "billing:invoice_detail"
    returns_to_object = True

    def service(self, obj: Invoice) -> None:
        refresh_draft(actor=self.actor, invoice=obj)


class InvoiceReissueView(IssuerMixin, ActionView):
    """Makes the draft that replaces a void invoice."""

    success_message = gettext_lazy("This draft replaces the void invoice.")
    return_url_name = "billing:invoice_detail"
    returns_to_object = True

    def service(self, obj: Invoice) -> None:
        self.object = reissue_invoice(actor=self.actor, invoice=obj)


class InvoiceDraftView(ActionView):
    """Makes the draft of a closed period without an invoice."""

    permission = "money.manage"
    is_for_accounts = False
    model = BillingPeriod
    success_message = gettext_lazy("Drafted.")
    made: Invoice | None = None

    def check_object(self, obj: Any) -> None:
        if not may_bill_for(self.actor, obj.balance.issuer):
            raise PermissionDenied(_("Its issuer does this. Switch to the issuer first."))

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("balance__issuer")

    def service(self, obj: BillingPeriod) -> None:
        self.made = make_draft(actor=self.actor, period=obj)

    def get_return_url(self) -> str:
        """The draft; the list it was asked from, where there is none."""
        if self.made is None:
            return reverse("billing:invoice_create")
        return reverse("billing:invoice_detail", args=[self.made.pk])


def money_text(amount: Decimal, currency: str) -> str:
    """``1,120.45 USD`` in plain text."""
    return f"{display.amount_text(amount, currency)} {currency}"
