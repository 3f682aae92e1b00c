"""Moving a customer: choose the owner, then the terms, then read what happens and confirm."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.selectors.balances import balance_of, mode_choices
from billing.selectors.final_invoices import final_invoice_of
from billing.selectors.lifecycle import effects_of, live_calls
from billing.selectors.overview import open_period
from billing.services.move import NewTerms, move_customer
from customers.forms.lifecycle import CONFIRM, OWNER, MoveForm
from customers.models import Customer
from customers.permissions import RIGHTS
from customers.selectors.moves import lost_rights, may_move
from customers.views.lifecycle import DETAIL, LIST, customer_crumbs
from softswitch.core import display
from softswitch.core.chrome import Link
from softswitch.core.views import EditView
from softswitch.core.views.edit import UNPROCESSABLE

STEPS = (gettext_lazy("New owner"), gettext_lazy("Terms"), gettext_lazy("Confirm"))


class MoveView(EditView):
    """For whoever stands above a customer and above its new owner.

    The steps are one page, whose query string holds what was chosen; only the last one posts.
    """

    permission = "customers.edit"
    model = Customer
    form_class = MoveForm
    template_name = "customers/customer_move.html"
    list_url_name = LIST
    step = OWNER

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(archived_at=None).select_related("owner")

    def check_object(self, obj: Customer) -> None:
        if not may_move(self.actor, obj):
            raise PermissionDenied

    def get_title(self) -> str:
        return _("Move %(name)s") % {"name": self.object}

    def get_crumbs(self) -> list[Link]:
        return customer_crumbs(self.object)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The step after the one that was answered, or that one again with its errors."""
        self.object = self.get_object()
        asked = request.GET.get("step", "")
        if asked not in ("0", "1"):
            return self.render(form=MoveForm(actor=self.actor, step=OWNER))
        self.step = int(asked)
        answered = self.form_of(request.GET)
        if not answered.is_valid():
            return self.render(UNPROCESSABLE, form=answered)
        self.step += 1
        initial = request.GET.dict() | {"surplus": "pay_out", "final_invoice": "issue"}
        form = MoveForm(
            actor=self.actor, initial=initial, step=self.step, owner=answered.cleaned_data["owner"]
        )
        return self.render(form=form, answers=answered.cleaned_data)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.step = CONFIRM
        return super().post(request, *args, **kwargs)

    def get_form(self) -> MoveForm:
        return self.form_of(self.request.POST)

    def form_of(self, data: Any) -> MoveForm:
        """The form bound to answers; the tariffs are those of the owner among them."""
        first = MoveForm(data, actor=self.actor, step=OWNER)
        owner = first.cleaned_data["owner"] if first.is_valid() else None
        return MoveForm(data, actor=self.actor, step=self.step, owner=owner)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        answers = kwargs.pop("answers", None) or getattr(kwargs["form"], "cleaned_data", {})
        chosen = {name for names in MoveForm.steps[:CONFIRM] for name in names}
        is_last = self.step == CONFIRM and chosen <= answers.keys()
        return super().get_context_data(
            step=self.step,
            is_last=is_last,
            steps=[
                {"label": label, "is_done": place < self.step, "is_current": place == self.step}
                for place, label in enumerate(STEPS)
            ],
            facts=list(move_facts(self.object, answers)) if is_last else [],
            live_calls=live_calls(self.object) if is_last else 0,
            has_tariffs=self.step == OWNER or kwargs["form"].fields["tariff"].queryset.exists(),
            **kwargs,
        )

    def get_cancel_url(self) -> str:
        return reverse(DETAIL, args=[self.object.pk])

    def get_stay_url(self, saved: Any) -> str:
        return reverse(DETAIL, args=[saved.pk])

    def get_success_message(self, saved: Customer) -> str:
        return _("Moved to %(owner)s.") % {"owner": saved.owner}

    def service(self, form: Any) -> Customer:
        data = form.cleaned_data
        terms = NewTerms(
            tariff=data["tariff"],
            currency=data["tariff"].currency_id if data["currency"] else "",
            mode=data["mode"],
            credit_limit=data["credit_limit"],
        )
        return move_customer(
            actor=self.actor,
            customer=self.object,
            owner=data["owner"],
            terms=terms,
            surplus=data["surplus"],
            reason=data["reason"],
            final_invoice=data["final_invoice"],
        )


def move_facts(customer: Customer, answers: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    """What the move settles, ends, changes and takes along, as it would be now."""
    owner, effects = answers["owner"], effects_of(customer)
    yield _("From, to"), f"{customer.owner} → {owner}"
    yield (
        _("Moves along"),
        _("Customers below: %(customers)s, accounts: %(accounts)s, trunks: %(n)s.")
        % {
            "customers": effects.customers,
            "accounts": effects.accounts,
            "n": effects.trunks,
        },
    )
    yield from _money_facts(customer, answers)
    lost = lost_rights(customer, owner)
    labels = [str(right.label) for right in RIGHTS if right.code in lost]
    yield _("Rights that end"), display.listed(labels) or _("None: the new owner holds them all.")
    yield _("Forgotten"), _("Internal notes, class, custom fields and business model of the owner.")
    yield (
        _("Stays"),
        _("%(owner)s keeps its ledger and CDRs up to now; the new owner never sees them.")
        % {"owner": customer.owner},
    )


def _money_facts(customer: Customer, answers: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    balance = balance_of(customer)
    if balance is None:
        return
    code = balance.currency_id
    money = f"{display.amount_text(balance.amount, code)} {code}"
    if balance.amount < 0:
        yield _("Settled"), _("%(money)s is written off.") % {"money": money}
    elif balance.amount:
        yield _("Settled"), _("%(money)s is paid out or forfeited.") % {"money": money}
    else:
        yield _("Settled"), _("Nothing: the balance is 0.")
    period = open_period(balance)
    since = display.date_text(period.starts_at) if period else display.date_text(balance.opened_at)
    yield _("Ends now"), _("The billing period since %(day)s.") % {"day": since}
    text = final_invoice_of(balance)
    yield _("Final invoice"), f"{customer.owner}: {text}"
    new = answers["tariff"].currency_id if answers["currency"] else code
    limit = display.amount_text(answers["credit_limit"], new)
    mode = dict(mode_choices())[answers["mode"] or balance.mode]
    yield _("New tariff"), answers["tariff"]
    yield (
        _("New balance"),
        _("0 %(currency)s, %(mode)s, credit limit %(limit)s.")
        % {
            "currency": new,
            "mode": str(mode).lower(),
            "limit": limit,
        },
    )
