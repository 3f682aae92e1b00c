"""Redeeming vouchers: by whoever pays from the balance, and by its owner."""

from functools import cached_property
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.forms import PinForm
from billing.models import Balance, LedgerEntry
from billing.selectors.redeem import is_payable, own_balance
from billing.services.vouchers import redeem_voucher
from billing.views.maintenance import AccountBalanceView, CustomerBalanceView
from softswitch.core import display
from softswitch.core.actors import ActorLike
from softswitch.core.views import FormView
from softswitch.core.views.edit import FormMixin


class RedeemMixin(FormMixin):
    """A PIN to type; a wrong one is counted although the form is refused."""

    form_class = PinForm
    template_name = "billing/redeem.html"
    title = gettext_lazy("Redeem voucher")
    save_label = gettext_lazy("Redeem voucher")
    close_label = ""
    is_atomic = False

    def get_balance(self) -> Balance:
        """The balance that is paid into."""
        raise NotImplementedError

    @property
    def shows_balance(self) -> bool:
        """Whether the redeemer may see what is in the balance."""
        return True

    def service(self, form: Any) -> LedgerEntry:
        pin = form.cleaned_data["pin"]
        return redeem_voucher(actor=self.actor, balance=self.get_balance(), pin=pin)

    def get_success_message(self, saved: LedgerEntry) -> str:
        code = self.get_balance().currency_id
        text = _("Paid in: %(amount)s %(currency)s.") % {
            "amount": display.amount_text(saved.amount, code),
            "currency": code,
        }
        if not self.shows_balance:
            return text
        after = display.amount_text(saved.balance_after, code)
        return f"{text} " + _("The balance is %(balance)s %(currency)s.") % {
            "balance": after,
            "currency": code,
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = self.get_balance() if self.shows_balance else None
        return super().get_context_data(balance=shown, **kwargs)


class RedeemView(RedeemMixin, FormView):
    """The actor's own top-up: an account's user for its account, a customer's user for it."""

    permission = "payments.make"

    @classmethod
    def is_listed_to(cls, actor: ActorLike) -> bool:
        """Root has no balance of its own."""
        return super().is_listed_to(actor) and (not actor.is_root or actor.account_id is not None)

    @cached_property
    def own(self) -> Balance:
        """The own balance; 404 without one, as Root's, or where nothing can be paid in."""
        found = own_balance(self.actor)
        if found is None or not is_payable(found):
            raise Http404
        return found

    def get_balance(self) -> Balance:
        return self.own

    @property
    def shows_balance(self) -> bool:
        return bool(self.actor.can("balance.view"))

    def get_stay_url(self, saved: Any) -> str:
        return self.request.path

    def get_close_url(self, saved: Any) -> str:
        return reverse("dashboard")


class IssuerRedeemMixin(RedeemMixin, CustomerBalanceView):
    """A voucher of the actor's own, on a balance that it bills."""

    def check_object(self, obj: Any) -> None:
        super().check_object(obj)
        if not self.actor.can("vouchers.view"):
            raise PermissionDenied

    def get_balance(self) -> Balance:
        return self.balance


class CustomerRedeemView(IssuerRedeemMixin):
    """The owner redeems a voucher for a direct customer."""


class AccountRedeemView(IssuerRedeemMixin, AccountBalanceView):
    """A customer redeems a voucher for an account that is charged by itself."""
