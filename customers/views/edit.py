"""The edit page of a direct customer: the wizard's steps as tabs, each saved by itself."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.selectors.balances import balance_of, calendar_changes
from billing.selectors.overview import counts_of
from billing.selectors.standing import standing_of
from billing.services.customers import edit_customer, set_customer_parameters
from customers.forms.custom_fields import custom_values
from customers.forms.parameters import (
    InvoiceForm,
    NotificationForm,
    ReportForm,
    ShortCallForm,
    initial_of,
)
from customers.forms.wizard import CompanyStepForm, EditBasicForm, right_label
from customers.models import Customer
from customers.permissions import RIGHTS
from customers.selectors.parameters import inherited, own_parameters
from customers.services.parameters import set_parameters
from customers.services.permissions import delegated_rights
from customers.views.lifecycle import DETAIL, LIST, DirectMixin, customer_crumbs
from customers.views.records import PROFILE, basic_initial, company_initial
from notifications.selectors import first_administrator
from softswitch.core.chrome import Action, Link, Tab, Text
from softswitch.core.forms import ScopedFormMixin
from softswitch.core.views import DetailView, EditView
from softswitch.core.views.access import PageMixin

TABS = (
    ("basic", gettext_lazy("Basic info"), "customers:customer_edit"),
    ("company", gettext_lazy("Company info"), "customers:customer_edit_company"),
    ("report", gettext_lazy("Automatic report"), "customers:customer_edit_report"),
    ("short_calls", gettext_lazy("Short call charge"), "customers:customer_edit_short_calls"),
    ("invoice", gettext_lazy("Auto invoice"), "customers:customer_edit_invoice"),
    ("portal", gettext_lazy("Self-service portal"), "customers:customer_edit_portal"),
    ("notifications", gettext_lazy("Notifications"), "customers:customer_edit_notifications"),
)
URL_NAMES = {slug: name for slug, _label, name in TABS}


class EditHead(PageMixin, DirectMixin):
    """Head and tabs of the edit page; ``slug`` names the tab. Archived customers are 403."""

    permission = "customers.edit"
    slug: ClassVar[str] = "basic"

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset

    def check_object(self, obj: Customer) -> None:
        super().check_object(obj)
        if obj.archived_at is not None:
            raise PermissionDenied(_("This customer is archived."))

    def get_title(self) -> str:
        return _("Edit %(name)s") % {"name": self.object}

    def get_status(self) -> Any:
        return standing_of(self.actor, self.object)

    def get_crumbs(self) -> list[Link]:
        return customer_crumbs(self.object)

    def get_tabs(self) -> list[Tab]:
        args = [self.object.pk]
        return [
            Tab(label, reverse(name, args=args), slug == self.slug) for slug, label, name in TABS
        ]

    def get_actions(self) -> list[Action]:
        args, add = [self.object.pk], "customers.add"
        switch = reverse("customers:switch_to", args=args)
        template = reverse("customers:template_create") + f"?from={self.object.pk}"
        maintenance = reverse("billing:maintenance", args=args)
        return [
            Action(_("Switch to this customer"), switch, "arrow-right-end-on-rectangle", post=True),
            Action(_("Maintenance"), maintenance, "banknotes", "money.manage"),
            Action(_("Save as template"), template, "document-duplicate", add, more=True),
        ]


class TabView(EditHead, EditView):
    """A tab with a form of its own."""

    list_url_name = LIST
    detail_url_name = DETAIL

    def get_stay_url(self, saved: Any) -> str:
        return reverse(URL_NAMES[self.slug], args=[self.object.pk])

    def get_close_url(self, saved: Any) -> str:
        return reverse(DETAIL, args=[self.object.pk])


class CustomerEditView(TabView):
    """The record, its custom fields, the tariff and the terms."""

    form_class = EditBasicForm
    template_name = "customers/customer_edit.html"

    def get_initial(self) -> dict[str, Any]:
        return basic_initial(self.object)

    def get_form(self) -> Any:
        form: Any = super().get_form()
        balance = balance_of(self.object)
        if balance is not None:
            if balance.last_sequence:
                form.fix_currency()
            for name, (now, later) in calendar_changes(balance).items():
                form.say_pending(name, now, later)
        return form

    def service(self, form: Any) -> Customer:
        data = form.cleaned_data
        terms = {name: data[name] for name in ("mode", "credit_limit", "period_type")}
        terms["period_timezone"] = data["period_timezone"] or data["timezone"]
        if data["currency"] is not None:
            terms["currency_id"] = data["currency"].pk
        return edit_customer(
            actor=self.actor,
            customer=self.object,
            profile={name: data[name] for name in PROFILE},
            tariff=data["tariff"],
            money=terms,
            custom_values=custom_values(data),
        )


class CompanyTabView(TabView):
    """Company name, tax id, address, contacts."""

    slug = "company"
    form_class = CompanyStepForm

    def get_initial(self) -> dict[str, Any]:
        return company_initial(self.object)

    def service(self, form: Any) -> Customer:
        values = form.cleaned_data
        return edit_customer(actor=self.actor, customer=self.object, profile=values)


class ParametersTabView(TabView):
    """Parameters that the customer has alone; empty ones are inherited, and say what from."""

    def get_form_kwargs(self) -> Mapping[str, Any]:
        """What counts where a field stays empty, and what stands in the others."""
        row = own_parameters(self.object)
        above = inherited(self.object.customer_class, own=row, timezone=self.object.timezone)
        return {"inherited": above, "initial": initial_of(row)}

    def get_form(self) -> ScopedFormMixin:
        form_class: Any = self.form_class
        data = self.request.POST if self.request.method == "POST" else None
        form: ScopedFormMixin = form_class(actor=self.actor, data=data, **self.get_form_kwargs())
        return form

    def get_meta(self) -> str:
        found = self.object.customer_class
        if found is None:
            return _("Without a class: what stays empty has the default.")
        return _("What stays empty is inherited from the class %(name)s.") % {"name": found}

    def service(self, form: Any) -> None:
        values = form.parameter_values()
        set_parameters(actor=self.actor, customer=self.object, values=values)


class ReportTabView(ParametersTabView):
    slug = "report"
    form_class = ReportForm


class ShortCallTabView(ParametersTabView):
    slug = "short_calls"
    form_class = ShortCallForm


class InvoiceTabView(ParametersTabView):
    slug = "invoice"
    form_class = InvoiceForm

    def service(self, form: Any) -> None:
        values = form.parameter_values()
        set_customer_parameters(actor=self.actor, customer=self.object, values=values)

    def get_success_message(self, saved: Any) -> Text:
        return saved_text(balance_of(self.object)) or self.success_message


def saved_text(balance: Any) -> str:
    """That all is saved, with the billing period that waits for the next close; else nothing."""
    pending = {} if balance is None else calendar_changes(balance)
    if "period_type" not in pending:
        return ""
    now, later = pending["period_type"]
    texts = {"now": now, "later": later}
    return _("Saved. Billing period: %(now)s now, %(later)s from the next close.") % texts


class NotificationTabView(ParametersTabView):
    slug = "notifications"
    form_class = NotificationForm


class PortalTabView(EditHead, DetailView):
    """What the customer may do in its portal, and who signs in: changed on pages of their own."""

    slug = "portal"
    template_name = "customers/customer_edit_portal.html"

    def get_title(self) -> str:
        return EditHead.get_title(self)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        args = [self.object.pk]
        return super().get_context_data(
            rights=granted_labels(self.object),
            logins=login_facts(self.object),
            rights_url=reverse("customers:customer_rights", args=args),
            users_url=reverse("customers:customer_users", args=args),
            **kwargs,
        )


def granted_labels(customer: Customer) -> Sequence[str]:
    """The rights delegated to a customer, in words."""
    held = delegated_rights(customer)
    return [right_label(right) for right in RIGHTS if right.code in held]


def login_facts(customer: Customer) -> Sequence[tuple[str, object]]:
    """Who signs in to the customer's portal."""
    first = first_administrator(customer)
    return [
        (_("Username of the first administrator"), first.login if first else None),
        (_("Open logins"), counts_of(customer).users),
    ]
