"""The Limits list: credit, calls and CPS of the customers, edited in their rows."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.selectors.balances import may_see_balances, with_balances
from billing.services.customers import edit_customer
from customers.filters import CustomerSearchFilter
from customers.forms.limits import LimitsForm
from customers.models import Customer
from customers.tables.limits import LimitTable
from customers.views.lifecycle import DirectMixin
from softswitch.core.chrome import Link
from softswitch.core.views import ListView, RowEditView

LIMITS = "customers:limit_list"


class LimitListView(ListView):
    """The limits of direct customers, or of all below."""

    permission = "customers.view"
    model = Customer
    title = gettext_lazy("Customer limits")
    table_class = LimitTable
    filterset_class = CustomerSearchFilter
    edits_in_place = True
    empty_icon = "users"
    empty_title = gettext_lazy("No customers yet")
    empty_text = gettext_lazy("Limits are set once there is a customer.")

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(archived_at=None).exclude(pk=self.actor.customer_id)

    def enrich(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return with_balances(rows)

    def get_meta(self) -> str:
        return _("A dash is no limit, 0 allows no calls. The limits of trunks and hosts count too.")


class LimitEditView(DirectMixin, RowEditView):
    """The limits of one direct customer."""

    permission = "limits.edit"
    form_class = LimitsForm
    table_class = LimitTable
    list_url_name = LIMITS

    def get_title(self) -> str:
        return _("Limits of %(name)s") % {"name": self.object}

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Customer limits"), reverse(LIMITS))]

    def enrich(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return with_balances(rows)

    def get_form(self) -> Any:
        """Without a credit limit for a role that sets no terms, or sees no money."""
        form: Any = super().get_form()
        if not (may_see_balances(self.actor) and self.actor.can("customers.edit")):
            del form.fields["credit_limit"]
        return form

    def get_initial(self) -> dict[str, Any]:
        row = self.enrich(self.get_queryset()).get(pk=self.object.pk)
        credit = None if row.credit_limit is None else row.credit_limit.normalize() + 0
        return {
            "credit_limit": credit,
            "call_limit": row.call_limit,
            "cps_limit": row.cps_limit,
        }

    def service(self, form: Any) -> Customer:
        profile = dict(form.cleaned_data)
        money = {"credit_limit": profile.pop("credit_limit")} if "credit_limit" in profile else None
        return edit_customer(actor=self.actor, customer=self.object, profile=profile, money=money)
