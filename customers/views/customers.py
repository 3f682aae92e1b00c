"""The customer list with what can be done with many customers at once."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.selectors.vouchers import unused_vouchers
from billing.selectors.balances import display_code, with_balances
from billing.selectors.final_invoices import final_invoice_text, own_balances
from billing.selectors.listing import open_sums
from billing.services.archive import archive_customer
from billing.services.resets import reset_balance
from customers.filters import CustomerFilter
from customers.forms.bulk import ArchiveManyForm, ResetForm
from customers.models import Customer
from customers.tables import CustomerTable
from customers.tenancy import Actor
from customers.views.lifecycle import activate, deactivate, vouchers_text
from softswitch.core import display
from softswitch.core.chrome import Action, BulkAction, Text, permitted
from softswitch.core.views import ListView


def reset(*, actor: Actor, record: Customer, reason: str, idempotency_key: UUID) -> None:
    """Bring the balance of a direct customer to 0."""
    reset_balance(actor=actor, customer=record, reason=reason, key=str(idempotency_key))


def archive(
    *, actor: Actor, record: Customer, surplus: str, reason: str, final_invoice: str
) -> None:
    """Take a direct customer out of service for good."""
    archive_customer(
        actor=actor, customer=record, surplus=surplus, reason=reason, final_invoice=final_invoice
    )


class CustomerListView(ListView):
    """The direct customers of the actor, or all below it."""

    permission = "customers.view"
    model = Customer
    title = gettext_lazy("Customers")
    table_class = CustomerTable
    filterset_class = CustomerFilter
    empty_icon = "users"
    empty_title = gettext_lazy("No customers yet")
    empty_text = gettext_lazy("A customer needs one of your tariffs.")
    bulk_actions = (
        BulkAction("activate", gettext_lazy("Activate"), activate, "play", "customers.edit"),
        BulkAction("deactivate", gettext_lazy("Deactivate"), deactivate, "pause", "customers.edit"),
        BulkAction(
            "reset",
            gettext_lazy("Reset balance"),
            reset,
            "arrow-uturn-left",
            "money.manage",
            form_class=ResetForm,
        ),
        BulkAction(
            "delete",
            gettext_lazy("Delete"),
            archive,
            "x-mark",
            "customers.delete",
            danger=True,
            form_class=ArchiveManyForm,
        ),
    )

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(archived_at=None).exclude(pk=self.actor.customer_id)

    def enrich(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return with_balances(rows)

    def check_object(self, obj: Customer) -> None:
        if not obj.is_direct_of(self.actor):
            raise PermissionDenied

    def get_bulk_facts(self, action: BulkAction, rows: list[Any]) -> Iterable[tuple[Text, Any]]:
        yield from super().get_bulk_facts(action, rows)
        mine = [row for row in rows if row.is_direct_of(self.actor)]
        sums = open_sums(mine, with_accounts=action.name == "delete")
        posted = display.listed(f"{display.amount_text(-sum_, code)} {code}" for sum_, code in sums)
        yield _("Posted"), posted or _("Nothing: every balance is 0.")
        if action.name == "delete":
            yield _("Final invoice"), final_invoice_text(own_balances(*mine))
            yield _("Debts"), _("Are written off.")
            vouchers = unused_vouchers(mine, now())
            if vouchers:
                yield _("Forfeited"), vouchers_text(vouchers)
            yield _("Leaves the lists"), _("The customers with their accounts and trunks. No undo.")
            yield _("Skipped"), _("Who has live sub-customers, or calls going on.")

    def get_meta(self) -> str:
        return _("Balances in %(currency)s at the rates of %(day)s.") % {
            "currency": display_code(self.actor),
            "day": display.date_text(now()),
        }

    def get_actions(self) -> list[Action]:
        url = reverse("billing:customer_import_export")
        export = Action(_("Export for import"), url, "arrow-down-tray", "customers.add", more=True)
        return [*self.ways(), export]

    def ways(self) -> list[Action]:
        """The ways to a new customer: the wizard first."""
        ways = (
            (_("New customer"), "customers:wizard_basic", "plus"),
            (_("Short form"), "customers:customer_create", "bolt"),
            (_("By template"), "customers:template_list", "document-duplicate"),
            (_("Import"), "billing:customer_import_create", "arrow-up-tray"),
        )
        return [
            Action(label, reverse(name), icon, "customers.add", primary=not place, more=place > 0)
            for place, (label, name, icon) in enumerate(ways)
        ]

    def get_create_actions(self) -> list[Action]:
        return permitted(self.ways(), self.actor)
