"""Balances that a move has closed: the books of an owner that a customer has left."""

from functools import cached_property
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import Balance
from billing.selectors.balances import closed_balances, may_see_balance
from billing.selectors.statements import Line
from billing.tables import FormerBalanceTable
from billing.views.ledger import StatementMixin
from billing.views.settle import settle_actions
from customers.models import Customer
from softswitch.core.chrome import Action, Link
from softswitch.core.views import ListView

TITLE = gettext_lazy("Closed balances")


class FormerBalanceListView(ListView):
    """What the viewer had with customers that have moved away, and its own with earlier owners."""

    permission = "balance.view"
    model = Balance
    title = TITLE
    table_class = FormerBalanceTable
    empty_icon = "banknotes"
    empty_title = gettext_lazy("Nothing closed")
    empty_text = gettext_lazy("A balance is closed when its customer moves to another owner.")

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return closed_balances(queryset, self.actor)

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Ledger entries"), reverse("billing:entry_list"))]


class FormerLedgerView(StatementMixin):
    """The statement of a closed balance, for those who were party to it."""

    model = Balance

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return closed_balances(queryset, self.actor)

    def get_object(self) -> Customer:
        """The customer of the balance: whose statement it is."""
        customer: Customer = self.balance.customer
        if not may_see_balance(self.actor, customer):
            raise PermissionDenied
        return customer

    @cached_property
    def balance(self) -> Any:
        return get_object_or_404(self.get_queryset(), pk=self.kwargs["pk"])

    def get_payer(self) -> str:
        """As the viewer knew it, where it has left the viewer."""
        return str(self.balance.customer_name)

    def get_title(self) -> str:
        return _("Closed balance of %(name)s") % {"name": self.get_payer()}

    def get_crumbs(self) -> list[Link]:
        return [Link(str(TITLE), reverse("billing:former_list"))]

    def get_actions(self) -> list[Action]:
        return settle_actions(self.actor, self.balance)

    def calls_query(self, line: Line) -> str:
        """Nothing: the CDR list looks for customers that the viewer has now."""
        return ""
