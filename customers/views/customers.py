"""The customer list; opening, editing, activating, closing and archiving a customer."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.selectors.balances import balance_of, display_code, with_balances
from billing.selectors.overview import counts_of, settlements
from billing.services.archive import archive_customer
from billing.services.customers import Login, Terms, edit_customer, open_customer
from customers.choices import Kind, Status
from customers.filters import CustomerFilter
from customers.forms import ArchiveForm, CustomerForm, NewCustomerForm, TermsFields
from customers.models import Customer
from customers.services.customers import set_status
from customers.tables import CustomerTable
from customers.tenancy import Actor
from softswitch.core import display
from softswitch.core.chrome import Action, BulkAction, Link
from softswitch.core.views import ActionView, ConfirmView, CreateView, EditView, ListView
from softswitch.core.views.access import ScopedMixin
from tariffs.selectors import assignable_tariffs, tariff_of

LIST = "customers:customer_list"
DETAIL = "customers:customer_detail"
# What the edit form holds of the record itself; the rest of it are terms, or shown only.
PROFILE = tuple(CustomerForm.base_fields.keys() - TermsFields.base_fields.keys() - {"balance"})


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
        BulkAction(
            "activate", gettext_lazy("Activate"), activate, icon="play", right="customers.edit"
        ),
        BulkAction(
            "deactivate", gettext_lazy("Deactivate"), deactivate, "pause", right="customers.edit"
        ),
    )

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(archived_at=None).exclude(pk=self.actor.customer_id)

    def enrich(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return with_balances(rows)

    def check_object(self, obj: Customer) -> None:
        if not obj.is_direct_of(self.actor):
            raise PermissionDenied

    def get_meta(self) -> str:
        return _("Balances in %(currency)s at the rates of %(day)s.") % {
            "currency": display_code(self.actor),
            "day": display.date_text(now()),
        }

    def get_actions(self) -> list[Action]:
        url = reverse("customers:customer_create")
        return [Action(_("New customer"), url, "plus", "customers.add", primary=True)]


class CustomerCreateView(CreateView):
    """The short form: tree, rights, login, tariff and balance in one transaction."""

    permission = "customers.add"
    model = Customer
    form_class = NewCustomerForm
    template_name = "customers/customer_form.html"
    title = gettext_lazy("New customer")
    list_url_name = LIST
    detail_url_name = DETAIL
    edit_url_name = "customers:customer_edit"
    success_message = gettext_lazy("The customer is open. Switch to it to set up its services.")

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Customers"), reverse(LIST))]

    def get_initial(self) -> dict[str, Any]:
        own = self.actor.customer
        return {"kind": Kind.BUSINESS, "timezone": own.timezone, "language": own.language}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        has_tariffs = assignable_tariffs(self.actor).exists()
        return super().get_context_data(has_tariffs=has_tariffs, **kwargs)

    def service(self, form: Any) -> Customer:
        data = dict(form.cleaned_data)
        login = Login(data.pop("login"), data.pop("password"), email=data["main_email"])
        terms = Terms(
            tariff=data.pop("tariff"),
            currency=getattr(data.pop("currency"), "pk", ""),
            mode=data.pop("mode"),
            credit_limit=data.pop("credit_limit"),
            opening_balance=data.pop("opening_balance"),
        )
        return open_customer(
            actor=self.actor, terms=terms, login=login if login.login else None, **data
        )


class CustomerEditView(DirectMixin, EditView):
    """The record, the tariff and the terms of a direct customer."""

    permission = "customers.edit"
    form_class = CustomerForm
    list_url_name = LIST
    detail_url_name = DETAIL
    edit_url_name = "customers:customer_edit"

    def get_title(self) -> str:
        return _("Edit %(name)s") % {"name": self.object}

    def get_crumbs(self) -> list[Link]:
        detail = reverse(DETAIL, args=[self.object.pk])
        return [Link(_("Customers"), reverse(LIST)), Link(self.object.name, detail)]

    def get_actions(self) -> list[Action]:
        args = [self.object.pk]
        switch = reverse("customers:switch_to", args=args)
        return [
            Action(_("Switch to this customer"), switch, "arrow-right-end-on-rectangle", post=True),
            Action(
                _("Maintenance"),
                reverse("billing:maintenance", args=args),
                "banknotes",
                "money.manage",
            ),
        ]

    def get_initial(self) -> dict[str, Any]:
        row, balance = self.object, balance_of(self.object)
        values = {name: getattr(row, name) for name in PROFILE}
        if balance is None:
            return values
        code = balance.currency_id
        return values | {
            "tariff": tariff_of(row.pk, now()),
            "currency": code,
            "mode": balance.mode,
            "credit_limit": balance.credit_limit.normalize() + 0,
            "balance": f"{display.amount_text(balance.amount, code)} {code}",
        }

    def get_form(self) -> Any:
        form: Any = super().get_form()
        balance = balance_of(self.object)
        if balance is not None and balance.last_sequence:
            form.fix_currency()
        return form

    def service(self, form: Any) -> Customer:
        data = form.cleaned_data
        money = {name: data[name] for name in ("mode", "credit_limit")}
        if data["currency"] is not None:
            money["currency_id"] = data["currency"].pk
        return edit_customer(
            actor=self.actor,
            customer=self.object,
            profile={name: data[name] for name in PROFILE},
            tariff=data["tariff"],
            money=money,
        )


class StatusView(DirectMixin, ActionView):
    """One button that sets the manual status."""

    permission = "customers.edit"
    return_url_name = DETAIL
    returns_to_object = True
    status: ClassVar[str] = ""

    def service(self, obj: Customer) -> None:
        set_status(actor=self.actor, customer=obj, status=self.status)


class ActivateView(StatusView):
    status = Status.ACTIVE
    success_message = gettext_lazy("Activated. Calls start again.")


class DeactivateView(StatusView):
    status = Status.INACTIVE
    success_message = gettext_lazy("Deactivated. Its calls, and those below it, are refused.")


class CloseView(DirectMixin, ConfirmView):
    """Closing ends the logins too, so it asks first."""

    permission = "customers.edit"
    return_url_name = DETAIL
    returns_to_object = True
    success_message = gettext_lazy("Closed.")

    def get_title(self) -> str:
        return _("Close %(name)s?") % {"name": self.object}

    def get_facts(self) -> Iterable[tuple[str, str]]:
        return [
            (_("Stops at once"), _("Its calls and logins, and those of all below it.")),
            (_("Stays"), _("The customer in your lists, its balance, ledger and CDRs.")),
            (_("Way back"), _("Activate opens it again.")),
        ]

    def service(self, obj: Customer) -> None:
        set_status(actor=self.actor, customer=obj, status=Status.CLOSED)


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
        detail = reverse(DETAIL, args=[self.object.pk])
        return [Link(_("Customers"), reverse(LIST)), Link(self.object.name, detail)]

    def get_initial(self) -> dict[str, Any]:
        return {"surplus": "pay_out"}

    def get_cancel_url(self) -> str:
        return reverse(DETAIL, args=[self.object.pk])

    def get_stay_url(self, saved: Any) -> str:
        return reverse(LIST)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        counts, posted = counts_of(self.object), settlements(self.object)
        owed = any(row.amount < 0 for row in posted)
        return super().get_context_data(
            counts=counts,
            settlements=posted,
            facts=archive_facts(counts, [(row.label, row.amount, row.currency) for row in posted]),
            has_surplus=any(row.amount > 0 for row in posted),
            is_debtor=owed,
            **kwargs,
        )

    def service(self, form: Any) -> None:
        data = form.cleaned_data
        archive_customer(
            actor=self.actor, customer=self.object, surplus=data["surplus"], reason=data["reason"]
        )


def archive_facts(counts: Any, posted: list[tuple[str, Decimal, str]]) -> Iterable[tuple[str, str]]:
    """What archiving stops, takes away, keeps and posts."""
    entries = ", ".join(
        f"{label}: {display.amount_text(-value, code)} {code}" for label, value, code in posted
    )
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
    yield _("Leaves the lists"), _("The customer, its accounts and trunks. There is no undo.")
    yield _("Stays"), _("CDRs and the ledger. Its name and logins stay taken.")
    yield _("Posted"), entries or _("Nothing: every balance is 0.")
