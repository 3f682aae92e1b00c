"""What pages about the money of one payer share: a customer, or an account charged by itself."""

from functools import cached_property

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Account
from billing.models import Balance
from billing.selectors.balances import account_balance, balance_of, may_see_balance
from customers.models import Customer
from customers.tenancy import Actor
from softswitch.core.chrome import Link
from softswitch.core.views.access import ScopedMixin


class PayerMixin(ScopedMixin):
    """A page about the balance of its row, a customer or an account: for who may see it."""

    def check_object(self, obj: Customer | Account) -> None:
        if not may_see_balance(self.actor, whose_money(obj)):
            raise PermissionDenied

    @cached_property
    def balance(self) -> Balance:
        return balance_or_404(self.object)


def whose_money(payer: Customer | Account) -> Customer:
    """The customer whose money it is about."""
    found: Customer = payer.customer if isinstance(payer, Account) else payer
    return found


def balance_or_404(payer: Customer | Account) -> Balance:
    """The balance in use of a payer; 404 where it has none: Root, an account with its customer."""
    found = account_balance(payer) if isinstance(payer, Account) else balance_of(payer)
    if found is None:
        raise Http404
    return found


def payer_crumbs(actor: Actor, payer: Customer | Account) -> list[Link]:
    """The way to a customer or an account; none of them is shown more than it may open."""
    if isinstance(payer, Account):
        if actor.account_id is not None:
            return []
        accounts = Link(_("Accounts"), reverse("accounts:account_list"))
        if payer.archived_at is not None:
            return [accounts]
        return [accounts, Link(str(payer), reverse("accounts:account_detail", args=[payer.pk]))]
    if payer.pk == actor.customer_id:
        return [Link(_("My company"), reverse("customers:company"))]
    detail = reverse("customers:customer_detail", args=[payer.pk])
    return [Link(_("Customers"), reverse("customers:customer_list")), Link(payer.name, detail)]
