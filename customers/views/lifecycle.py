"""The life of a customer: activate, deactivate, close, archive."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.selectors.vouchers import VoucherSum, unused_vouchers
from billing.selectors.final_invoices import final_invoice_text, own_balances
from billing.selectors.lifecycle import Effects, effects_of, live_calls
from billing.selectors.overview import Counts, Settlement, counts_of, settlements
from billing.services.archive import archive_customer
from customers.choices import Status
from customers.forms import ArchiveForm
from customers.models import Customer
from customers.services.customers import set_status
from customers.tenancy import Actor
from softswitch.core import display
from softswitch.core.chrome import Link
from softswitch.core.views import ActionView, ConfirmView, EditView
from softswitch.core.views.access import ScopedMixin

LIST = "customers:customer_list"
DETAIL = "customers:customer_detail"


def activate(*, actor: Actor, record: Customer) -> None:
    """Let a direct customer call again."""
    set_status(actor=actor, customer=record, status=Status.ACTIVE)


def deactivate(*, actor: Actor, record: Customer) -> None:
    """Stop the calls of a direct customer and of all below it; its portal stays usable."""
    set_status(actor=actor, customer=record, status=Status.INACTIVE)


class DirectMixin(ScopedMixin):
    """Only live direct customers: what is deeper belongs to its owner."""

    model = Customer

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(archived_at=None)

    def check_object(self, obj: Customer) -> None:
        if not obj.is_direct_of(self.actor):
            raise PermissionDenied(_("Its owner does this. Switch to the owner first."))


def customer_crumbs(customer: Customer) -> list[Link]:
    """The way back from a page about what becomes of ``customer``."""
    detail = reverse(DETAIL, args=[customer.pk])
    return [Link(_("Customers"), reverse(LIST)), Link(customer.name, detail)]


class ActivateView(DirectMixin, ActionView):
    """Opens an inactive or closed customer again."""

    permission = "customers.edit"
    return_url_name = DETAIL
    returns_to_object = True
    success_message = gettext_lazy("Activated. Calls start again.")

    def service(self, obj: Customer) -> None:
        set_status(actor=self.actor, customer=obj, status=Status.ACTIVE)


class StopView(DirectMixin, ConfirmView):
    """Sets a status that stops the customer and all below it, and says first how much that is."""

    permission = "customers.edit"
    return_url_name = DETAIL
    returns_to_object = True
    status: ClassVar[str] = ""

    def get_crumbs(self) -> list[Link]:
        return customer_crumbs(self.object)

    def get_facts(self) -> Iterable[tuple[str, str]]:
        effects = effects_of(self.object)
        stops = self.stops(effects)
        if effects.customers:
            stops += " " + below_text(effects.customers)
        return [
            (_("Stops at once"), stops),
            (_("Stays"), self.stays()),
            (_("Way back"), _("Activate opens it again, as it was.")),
        ]

    def stops(self, effects: Effects) -> str:
        raise NotImplementedError

    def stays(self) -> str:
        raise NotImplementedError

    def service(self, obj: Customer) -> None:
        set_status(actor=self.actor, customer=obj, status=self.status)


class DeactivateView(StopView):
    """Stops calls; the portal stays usable."""

    status = Status.INACTIVE
    success_message = gettext_lazy("Deactivated. Its calls, and those below it, are refused.")

    def get_title(self) -> str:
        return _("Deactivate %(name)s?") % {"name": self.object}

    def stops(self, effects: Effects) -> str:
        return _("Calls. Accounts: %(accounts)s, trunks: %(trunks)s.") % {
            "accounts": effects.accounts,
            "trunks": effects.trunks,
        }

    def stays(self) -> str:
        return _("Logins, balance, ledger and CDRs.")


class CloseView(StopView):
    """Closing ends the logins too."""

    status = Status.CLOSED
    success_message = gettext_lazy("Closed.")

    def get_title(self) -> str:
        return _("Close %(name)s?") % {"name": self.object}

    def stops(self, effects: Effects) -> str:
        return _("Calls and logins. Accounts: %(accounts)s, trunks: %(trunks)s, logins: %(n)s.") % {
            "accounts": effects.accounts,
            "trunks": effects.trunks,
            "n": effects.logins,
        }

    def stays(self) -> str:
        return _("The customer in your lists, its balance, ledger and CDRs.")


class ArchiveView(DirectMixin, EditView):
    """The red cross: names counts and consequences, settles every balance, has no undo."""

    permission = "customers.delete"
    form_class = ArchiveForm
    template_name = "customers/customer_archive.html"
    list_url_name = LIST
    close_label = ""
    success_message = gettext_lazy("Archived.")

    def get_title(self) -> str:
        return _("Archive %(name)s?") % {"name": self.object}

    def get_crumbs(self) -> list[Link]:
        return customer_crumbs(self.object)

    def get_initial(self) -> dict[str, Any]:
        return {"surplus": "pay_out", "final_invoice": "issue"}

    def get_cancel_url(self) -> str:
        return reverse(DETAIL, args=[self.object.pk])

    def get_stay_url(self, saved: Any) -> str:
        return reverse(LIST)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        counts, posted = counts_of(self.object), settlements(self.object)
        vouchers = unused_vouchers([self.object], now())
        return super().get_context_data(
            counts=counts,
            live_calls=live_calls(self.object),
            facts=archive_facts(
                counts, posted, vouchers, final_invoice_text(own_balances(self.object))
            ),
            has_surplus=any(row.amount > 0 for row in posted),
            is_debtor=any(row.amount < 0 for row in posted),
            **kwargs,
        )

    def service(self, form: Any) -> None:
        archive_customer(actor=self.actor, customer=self.object, **form.cleaned_data)


def below_text(count: int) -> str:
    """Whom a stop reaches besides the customer itself."""
    text = ngettext(
        "That is with %(count)s customer below it.",
        "That is with %(count)s customers below it.",
        count,
    )
    return text % {"count": display.number_text(count)}


def archive_facts(
    counts: Counts, posted: list[Settlement], vouchers: list[VoucherSum], final_invoice: str
) -> Iterable[tuple[str, str]]:
    """What archiving stops, takes away, keeps, bills and posts."""
    entries = display.listed(settlement_text(row) for row in posted)
    yield (
        _("Stops at once"),
        _("Trunks: %(trunks)s, hosts: %(hosts)s, accounts: %(accounts)s, logins: %(users)s.")
        % {
            "trunks": counts.trunks,
            "hosts": counts.hosts,
            "accounts": counts.accounts,
            "users": counts.users,
        },
    )
    if vouchers:
        yield _("Forfeited"), vouchers_text(vouchers)
    yield _("Leaves the lists"), _("The customer, its accounts and trunks. There is no undo.")
    yield _("Stays"), _("CDRs and the ledger. Its name and logins stay taken.")
    yield _("Ends now"), _("The open billing period.")
    yield _("Final invoice"), final_invoice
    yield _("Posted"), entries or _("Nothing: every balance is 0.")


def vouchers_text(sums: list[VoucherSum]) -> str:
    """How many vouchers are blocked for ever, and what they are worth in each currency."""
    worth = [f"{display.amount_text(row.total, row.currency)} {row.currency}" for row in sums]
    return _("Unused vouchers: %(count)s, worth %(value)s.") % {
        "count": display.number_text(sum(row.count for row in sums)),
        "value": display.listed(worth),
    }


def settlement_text(row: Settlement) -> str:
    """The entry that brings a balance to 0: ``Calder Voice: -12.50 USD``."""
    return f"{row.label}: {display.amount_text(-row.amount, row.currency)} {row.currency}"
