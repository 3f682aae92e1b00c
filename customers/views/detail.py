"""The pages of one customer: overview, sub-customers, and the customer's own page."""

from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.db.models.functions import Lower
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.selectors.balances import (
    MoneyPanel,
    maintenance_offer,
    may_see_balance,
    may_see_balances,
    money_panel,
    with_balances,
)
from billing.selectors.dunning import dunning_panel
from billing.selectors.overview import (
    Counts,
    counts_of,
    last_entries,
    open_period,
    seen_tariff,
)
from billing.selectors.standing import standing_of, standings
from customers.choices import Kind, Status
from customers.forms import CompanyForm
from customers.forms.company import OwnCompanyForm
from customers.forms.custom_fields import custom_initial, custom_values
from customers.models import Customer
from customers.permissions import allowed
from customers.selectors import direct_customers, may_see_logins
from customers.selectors.custom_fields import shown_custom_values
from customers.selectors.moves import may_move
from customers.services.company import edit_company
from customers.tables import CustomerTable
from customers.tenancy import Actor
from softswitch.core import display
from softswitch.core.chrome import Action, Link, Tab
from softswitch.core.views import DetailView, EditView, ListView
from softswitch.core.views.access import PageMixin, rows_of

SHOWN_CUSTOMERS = 8
DETAIL = "customers:customer_detail"
BELOW = "customers:customer_customers"


class CustomerHead(PageMixin):
    """Head and tabs of every page about one customer; ``tab`` names the page.

    The own customer is open to everybody of it, the others need the right to view customers.
    """

    tab: ClassVar[str] = "overview"
    parent_model: ClassVar[type[Model]] = Customer  # whose key the URL holds, whatever is listed

    @cached_property
    def customer(self) -> Customer:
        """The customer of the URL: 404 if it is out of scope, 403 without the right."""
        key = self.kwargs.get("pk", self.actor.customer_id)
        found: Customer = get_object_or_404(rows_of(Customer, self.actor), pk=key)
        if found.pk != self.actor.customer_id and not self.actor.can("customers.view"):
            raise PermissionDenied
        return found

    @property
    def is_own(self) -> bool:
        return bool(self.customer.pk == self.actor.customer_id)

    @cached_property
    def counts(self) -> Counts:
        return counts_of(self.customer)

    def get_title(self) -> str:
        return self.customer.name

    def get_status(self) -> Any:
        return standing_of(self.actor, self.customer)

    def get_crumbs(self) -> list[Link]:
        if self.is_own:
            return []
        links = [Link(_("Customers"), reverse("customers:customer_list"))]
        owner = self.customer.owner
        if owner is not None and owner.pk != self.actor.customer_id:
            links.append(Link(owner.name, reverse("customers:customer_detail", args=[owner.pk])))
        return links

    def get_meta(self) -> str:
        customer = self.customer
        since = _("In service since %(day)s.") % {"day": display.date_text(customer.opened_at)}
        parts = [customer.company_name, str(Kind(customer.kind).label)]
        return ". ".join(filter(None, parts)) + ". " + since

    def get_actions(self) -> list[Action]:
        return customer_actions(self.customer, self.actor)

    def get_tabs(self) -> list[Tab]:
        return [
            Tab(label, url, key == self.tab, count)
            for key, label, url, count in self.declared_tabs()
        ]

    def declared_tabs(self) -> list[tuple[str, str, str, int | None]]:
        """What the customer can have and the viewer may see: key, label, URL, count."""
        shown, counts, args = self.shown_tabs(), self.counts, [self.customer.pk]
        by_name = "?" + urlencode({"customer": self.customer.name})
        accounts = reverse("accounts:accounts_of", args=args)
        trunks = reverse("accounts:trunks_of", args=args)
        tabs = [
            ("overview", _("Overview"), reverse(DETAIL, args=args), None),
            ("customers", _("Sub-customers"), reverse(BELOW, args=args), counts.customers),
            ("accounts", _("Accounts"), accounts, counts.accounts),
            ("trunks", _("Trunks"), trunks, counts.trunks),
            ("ledger", _("Ledger"), reverse("billing:ledger", args=args), None),
            ("fees", _("Fees"), reverse("billing:fees", args=args), None),
            ("invoices", _("Invoices"), reverse("billing:invoice_list_of", args=args), None),
            ("users", _("Users"), reverse("customers:customer_users", args=args), counts.users),
            ("rights", _("Rights"), reverse("customers:customer_rights", args=args), None),
            ("audit", _("Audit log"), reverse("customers:audit_list") + by_name, None),
        ]
        return [tab for tab in tabs if tab[0] in shown]

    def shown_tabs(self) -> set[str]:
        """Tabs that the customer's kind has and the viewer's rights open."""
        mine, actor = self.customer, self.actor
        areas = {"customers", "accounts", "trunks"}
        shown = {
            area
            for area in areas
            if f"{area}.view" in allowed(mine.kind) and actor.can(f"{area}.view")
        }
        if not mine.is_root and may_see_balance(actor, mine):
            shown |= {"ledger", "fees"}
        if not mine.is_root and actor.can("invoices.view"):
            shown.add("invoices")
        if may_see_logins(actor, mine):
            shown.add("users")
        if mine.is_direct_of(actor) and actor.can("customers.edit") and mine.archived_at is None:
            shown.add("rights")
        if actor.can("audit.view"):
            shown.add("audit")
        return shown | {"overview"}


def customer_actions(customer: Customer, actor: Actor) -> list[Action]:
    """The buttons of a customer's page: its own, its owner's, or those of whoever is above."""
    args = [customer.pk]
    if customer.pk == actor.customer_id:
        edit = reverse("customers:company_edit")
        return [Action(_("Edit"), edit, "pencil-square", "profile.edit", primary=True)]
    if customer.archived_at is not None:
        return []
    switch = Action(
        _("Switch to this customer"),
        reverse("customers:switch_to", args=args),
        "arrow-right-end-on-rectangle",
        post=True,
    )
    if not customer.is_direct_of(actor):
        return [switch, *_move_item(customer, actor)]
    edit = reverse("customers:customer_edit", args=args)
    return [
        switch,
        Action(_("Edit"), edit, "pencil-square", "customers.edit", primary=True),
        *_owner_menu(customer, args),
        *_move_item(customer, actor),
    ]


def _move_item(customer: Customer, actor: Actor) -> list[Action]:
    """For whoever stands above a customer: another owner."""
    if not may_move(actor, customer):
        return []
    url = reverse("customers:customer_move", args=[customer.pk])
    return [Action(_("Move"), url, "arrows-right-left", "customers.edit", more=True)]


def _owner_menu(customer: Customer, args: list[int]) -> list[Action]:
    def item(label: str, name: str, icon: str, right: str, **options: Any) -> Action:
        return Action(label, reverse(name, args=args), icon, right, more=True, **options)

    edit, is_active = "customers.edit", customer.status == Status.ACTIVE
    items = [item(_("Maintenance"), "billing:maintenance", "banknotes", "money.manage")]
    if is_active:
        items.append(item(_("Deactivate"), "customers:customer_deactivate", "pause", edit))
    else:
        items.append(item(_("Activate"), "customers:customer_activate", "play", edit, post=True))
    if customer.status != Status.CLOSED:
        items.append(item(_("Close"), "customers:customer_close", "no-symbol", edit))
    delete = "customers.delete"
    items.append(item(_("Archive"), "customers:customer_archive", "x-mark", delete, danger=True))
    return items


class CustomerDetailView(CustomerHead, DetailView):
    """The overview: details, balance with Maintenance, sub-customers, last entries."""

    model = Customer
    template_name = "customers/customer_detail.html"

    def get_object(self) -> Customer:
        return self.customer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        customer, actor = self.customer, self.actor
        panel = money_panel(actor, customer)
        offer = maintenance_offer(actor, customer)
        has_below = "customers" in self.shown_tabs()
        may_dun = actor.can("money.manage") and customer.archived_at is None
        return super().get_context_data(
            is_own=self.is_own,
            panel=panel,
            offer=offer,
            period=open_period(panel.balance) if panel else None,
            facts=detail_facts(customer, actor, panel),
            subs=self.sub_customers() if has_below else [],
            shows_money=may_see_balances(actor),
            counts=self.counts,
            entries=last_entries(actor, customer) if panel else [],
            dunning=dunning_panel(actor, panel.balance) if panel and may_dun else None,
            is_deeper=not self.is_own and not customer.is_direct_of(actor),
            **kwargs,
        )

    def sub_customers(self) -> list[Any]:
        """The first direct customers by name, with their badges."""
        rows = with_balances(direct_customers(self.actor, self.customer.pk))
        shown = list(rows.order_by(Lower("name"))[:SHOWN_CUSTOMERS])
        badges = standings(self.actor, shown)
        for row in shown:
            row.standing = badges[row.pk]
        return shown


class CompanyView(CustomerDetailView):
    """The actor's own customer: what it may edit of itself, and what it cannot."""

    title = gettext_lazy("My company")

    def get_title(self) -> Any:
        return self.title


class CompanyEditView(EditView):
    """The company's own data; the rest of the record is its owner's."""

    permission = "profile.edit"
    model = Customer
    form_class = OwnCompanyForm
    title = gettext_lazy("Edit my company")
    list_url_name = "customers:company"

    def get_object(self) -> Customer:
        found: Customer = get_object_or_404(self.visible(), pk=self.actor.customer_id)
        return found

    def get_crumbs(self) -> list[Link]:
        return [Link(_("My company"), reverse("customers:company"))]

    def get_initial(self) -> dict[str, Any]:
        values = {name: getattr(self.object, name) for name in CompanyForm.base_fields}
        return values | custom_initial(self.object, for_customer=True)

    def service(self, form: Any) -> None:
        data = form.cleaned_data
        values = {name: data[name] for name in CompanyForm.base_fields}
        edit_company(actor=self.actor, values=values, custom_values=custom_values(data))

    def get_close_url(self, saved: Any) -> str:
        return reverse("customers:company")


class SubCustomerListView(CustomerHead, ListView):
    """The direct customers of one customer."""

    model = Customer
    permission = "customers.view"
    tab = "customers"
    table_class = CustomerTable
    empty_icon = "users"
    empty_title = gettext_lazy("No sub-customers")

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(owner=self.customer, archived_at=None)

    def enrich(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return with_balances(rows)


def detail_facts(
    customer: Customer, actor: Actor, panel: MoneyPanel | None
) -> list[tuple[str, Any]]:
    """Label and value pairs of the Details panel; what the owner keeps is not shown to it."""
    facts: list[tuple[str, Any]] = []
    tariff = seen_tariff(actor, customer)
    if tariff is not None:
        facts.append((_("Tariff"), tariff_link(tariff)))
    if panel is not None:
        balance = panel.balance
        facts += [
            (_("Terms"), balance.get_mode_display()),
            (
                _("Billing period"),
                display.listed((balance.get_period_type_display(), balance.period_timezone)),
            ),
        ]
    facts += [
        (_("Call limit"), customer.call_limit),
        (_("CPS limit"), customer.cps_limit),
        (_("Time zone"), customer.timezone),
        (_("Language"), dict(settings.LANGUAGES).get(customer.language, customer.language)),
        (_("Main e-mail"), customer.main_email),
        (_("NOC e-mail"), customer.noc_email),
        (_("Billing e-mail"), customer.billing_email),
        (_("Rates e-mail"), customer.rates_email),
        (_("Tax id"), customer.tax_id),
        (_("Contact"), customer.contact),
        (_("Address"), customer.address),
        (_("Country"), display.country_text(customer.country)),
    ]
    custom = shown_custom_values(actor, [customer])[customer.pk]
    facts += [(item.field.name, item.text) for item in custom]
    if customer.pk != actor.customer_id:
        facts += kept_facts(customer)
    return facts


def kept_facts(customer: Customer) -> list[tuple[str, Any]]:
    """What an owner keeps about its customer."""
    least = customer.min_profitability
    unit = customer.get_min_profitability_unit_display()
    return [
        (_("Business model"), customer.business_model),
        (_("Customer class"), customer.customer_class),
        (_("Min. profitability"), None if least is None else f"{display.price_text(least)} {unit}"),
        (_("Internal notes"), customer.internal_notes),
    ]


def tariff_link(tariff: Any) -> SafeString:
    """The tariff's name, linked to its page."""
    url = reverse("tariffs:tariff_detail", args=[tariff.pk])
    return format_html('<a href="{}"><bdi>{}</bdi></a>', url, tariff.name)
