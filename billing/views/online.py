"""Paying online, automatic top-up, and the settings of the provider behind both."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.choices import OnlineState
from billing.filters import OnlinePaymentFilter
from billing.forms import PayForm, ProviderForm, TopUpForm
from billing.models import Balance, OnlinePayment, PaymentProvider, TopUp
from billing.selectors.balances import may_see_balance, may_see_balances
from billing.selectors.online import (
    amount_due,
    offered_amount,
    online_shown_to,
    own_provider,
    payable_online,
    top_up_of,
)
from billing.selectors.redeem import own_balance
from billing.services.online import begin_payment
from billing.services.payment_providers import SECRETS, save_provider
from billing.services.providers.base import PayPage
from billing.services.top_ups import forget_card, save_top_up
from billing.tables import OnlinePaymentTable
from softswitch.core import display
from softswitch.core.chrome import Action, Link
from softswitch.core.errors import DomainError
from softswitch.core.money import without_zeros
from softswitch.core.views import DetailView, FormView, ListView
from softswitch.core.views.access import PageMixin
from softswitch.core.views.edit import FormMixin

FORM_COLUMNS = ("is_enabled", "minimum", "maximum", "currencies")


class SeeOtherRedirect(HttpResponseRedirect):
    """The next page is fetched by GET, whatever this one was sent by."""

    status_code = 303


def pay_actions(actor: Any) -> list[Action]:
    """The ways to pay online, for who can."""
    if payable_online(actor) is None:
        return []
    return [
        Action(_("Automatic top-up"), reverse("billing:top_up"), more=True),
        Action(_("Pay online"), reverse("billing:pay"), "credit-card", primary=True),
    ]


def provider_actions(actor: Any) -> list[Action]:
    """The way to the settings behind online payments, for who may change them."""
    if not ProviderView.is_open_to(actor):
        return []
    return [Action(_("Payment provider"), reverse("billing:payment_provider"), "cog-6-tooth")]


def online_crumbs(actor: Any) -> list[Link]:
    """The list of online payments, for who may open it."""
    if not actor.can("balance.view"):
        return []
    return [Link(_("Online payments"), reverse("billing:online_list"))]


class OwnMoneyMixin(PageMixin):
    """A page about the own balance, where its issuer takes money online; else 404."""

    permission = "payments.make"

    @cached_property
    def payable(self) -> tuple[Balance, PaymentProvider]:
        found = payable_online(self.actor)
        if found is None:
            raise Http404
        return found

    def get_crumbs(self) -> list[Link]:
        return online_crumbs(self.actor)


class PayView(OwnMoneyMixin, FormMixin):
    """How much to pay; the provider's page asks for the card."""

    form_class = PayForm
    template_name = "billing/pay.html"
    title = gettext_lazy("Pay online")
    save_label = gettext_lazy("Go on to payment")
    close_label = ""
    is_atomic = False

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The form leads on to the provider's page, which browsers count as sent to there."""
        allow = csp_update({"form-action": settings.STRIPE_PAGE_ORIGINS})
        answer: HttpResponseBase = allow(super().dispatch)(request, *args, **kwargs)
        return answer

    def get_initial(self) -> dict[str, Any]:
        balance, provider = self.payable
        due = amount_due(balance) if self.shows_balance else provider.minimum
        return {"amount": offered_amount(balance, provider, due)}

    @property
    def shows_balance(self) -> bool:
        return bool(self.actor.can("balance.view"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        balance, provider = self.payable
        return super().get_context_data(
            balance=balance if self.shows_balance else None,
            provider=provider,
            currency=balance.currency_id,
            **kwargs,
        )

    def service(self, form: Any) -> PayPage:
        data = form.cleaned_data
        zero = self.request.build_absolute_uri(reverse("billing:online_detail", args=[0]))
        back = zero.removesuffix("0/") + "{payment}/"
        page = begin_payment(
            actor=self.actor,
            balance=self.payable[0],
            amount=data["amount"],
            key=str(data["idempotency_key"]),
            success_url=back + "?from=paid",
            cancel_url=back + "?from=cancelled",
            saves_card=data["saves_card"],
        )
        parts = urlsplit(page.url)
        if f"{parts.scheme}://{parts.netloc}" not in settings.STRIPE_PAGE_ORIGINS:
            raise DomainError("provider", _("The payment provider leads to an unknown address."))
        return page

    def answer(self, form: Any, saved: PayPage) -> HttpResponseBase:
        return SeeOtherRedirect(saved.url)

    def get_close_url(self, saved: Any) -> str:
        return reverse("billing:online_list" if self.actor.can("balance.view") else "dashboard")


class OnlineListView(ListView):
    """Online payments of the actor's payers, and its own; also those that came to nothing."""

    permission = "balance.view"
    model = OnlinePayment
    title = gettext_lazy("Online payments")
    table_class = OnlinePaymentTable
    filterset_class = OnlinePaymentFilter
    empty_icon = "credit-card"
    empty_title = gettext_lazy("No online payments yet")
    empty_text = gettext_lazy("Payments by card stand here, also those that came to nothing.")

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return online_shown_to(queryset, self.actor)

    def get_actions(self) -> list[Action]:
        return [*pay_actions(self.actor), *provider_actions(self.actor)]


class OnlineDetailView(DetailView):
    """One online payment; where the provider leads back to. It only reads what is known."""

    model = OnlinePayment
    template_name = "billing/online_detail.html"

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return online_shown_to(queryset, self.actor)

    def check_object(self, obj: OnlinePayment) -> None:
        """One's own is seen by who may pay; those of others by who sees balances."""
        is_own = obj.balance.customer_id == self.actor.customer_id
        if not (is_own and self.actor.can("payments.make")) and not may_see_balances(self.actor):
            raise PermissionDenied

    def get_title(self) -> str:
        return _("Online payment %(number)s") % {"number": self.object.pk}

    def get_status(self) -> OnlineState:
        return OnlineState(self.object.state)

    def get_crumbs(self) -> list[Link]:
        return online_crumbs(self.actor)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        is_pending = self.object.state == OnlineState.PENDING
        asked = self.request.GET.get("from", "") if is_pending else ""
        return super().get_context_data(
            facts=list(online_facts(self.object)),
            note=came_back(asked),
            may_see_entry=may_see_balance(self.actor, self.object.balance.customer),
            **kwargs,
        )


def came_back(asked: str) -> str:
    """What to say to whom the provider has led back before its notice has come."""
    if asked == "paid":
        return _("The payment is being confirmed. It stands in the balance as soon as it is.")
    return _("Nothing was paid. The payment can be begun again.") if asked == "cancelled" else ""


def online_facts(payment: Any) -> Iterable[tuple[str, Any]]:
    """What a payment is, and what became of it."""
    code = payment.currency_id
    yield _("Customer"), str(payment.balance.account or payment.customer_name)
    yield _("Amount"), f"{display.amount_text(payment.amount, code)} {code}"
    yield _("Provider"), str(payment.provider)
    yield _("Begun"), display.datetime_text(payment.created_at)
    if payment.settled_at:
        yield _("Ended"), display.datetime_text(payment.settled_at)
    if payment.is_automatic:
        yield _("Automatic"), _("By automatic top-up")
    if payment.refunded:
        yield _("Given back"), f"{display.amount_text(payment.refunded, code)} {code}"
    if payment.intent_id:
        yield _("Name at the provider"), payment.intent_id
    if payment.note:
        yield _("Notes"), _(payment.note)


class TopUpView(OwnMoneyMixin, FormMixin):
    """When the saved card is charged by itself."""

    form_class = TopUpForm
    template_name = "billing/top_up.html"
    title = gettext_lazy("Automatic top-up")
    close_label = ""

    @cached_property
    def row(self) -> TopUp | None:
        return top_up_of(self.payable[0])

    def get_initial(self) -> dict[str, Any]:
        row = self.row or TopUp()
        return {name: without_zeros(getattr(row, name)) for name in TopUpForm.base_fields}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        balance, provider = self.payable
        return super().get_context_data(
            row=self.row, provider=provider, currency=balance.currency_id, **kwargs
        )

    def service(self, form: Any) -> TopUp:
        return save_top_up(actor=self.actor, balance=self.payable[0], values=form.cleaned_data)

    def get_stay_url(self, saved: Any) -> str:
        return self.request.path

    def get_close_url(self, saved: Any) -> str:
        return reverse("billing:online_list" if self.actor.can("balance.view") else "dashboard")


class ForgetCardView(OwnMoneyMixin):
    """Forgets the saved card; also where nothing is taken online any more."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        balance = own_balance(self.actor)
        if balance is None:
            raise Http404
        forget_card(actor=self.actor, balance=balance)
        messages.success(request, _("The card is forgotten."))
        return HttpResponseRedirect(reverse("dashboard"))


class ProviderView(FormView):
    """The owner's account at Stripe: keys, which are never shown again, limits and currencies."""

    permission = "money.manage"
    further = ("profile.edit",)
    is_for_accounts = False
    form_class = ProviderForm
    template_name = "billing/payment_provider.html"
    title = gettext_lazy("Payment provider")
    close_label = ""

    @cached_property
    def row(self) -> PaymentProvider | None:
        return own_provider(self.actor)

    def get_initial(self) -> dict[str, Any]:
        row = self.row or PaymentProvider()
        return {name: without_zeros(getattr(row, name)) for name in FORM_COLUMNS}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.row
        address = reverse("billing:webhook", args=[row.public_id]) if row else ""
        return super().get_context_data(
            address=self.request.build_absolute_uri(address) if address else "",
            stored=[name for name in SECRETS if row and getattr(row, name)],
            **kwargs,
        )

    def service(self, form: Any) -> PaymentProvider:
        return save_provider(actor=self.actor, values=form.cleaned_data)

    def get_stay_url(self, saved: Any) -> str:
        return self.request.path

    def get_close_url(self, saved: Any) -> str:
        return reverse("billing:payment_list")
