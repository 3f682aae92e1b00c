"""Dunning: who is overdue, suspended or has promised; what the owner does about it."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.choices import DunningState
from billing.filters import DunningFilter
from billing.forms import LiftForm, PromiseForm, SuspendForm
from billing.models import Balance, DunningStep
from billing.selectors.dunning import (
    DunningPanel,
    dunned,
    dunning_panel,
    issued_below,
    may_dun,
    owed_by,
)
from billing.selectors.dunning_rules import DAY, today_of
from billing.services.dunning_actions import lift, promise, suspend, undo_step
from billing.tables import DunningTable
from billing.views.settle import statement_url
from softswitch.core import display
from softswitch.core.chrome import Action, Link, Text
from softswitch.core.money import ZERO
from softswitch.core.views import ActionView, DetailView, EditView, ListView
from softswitch.core.views.access import PageMixin, ScopedMixin

OWNERS_ONLY = gettext_lazy("Who bills it decides this. Switch to the owner first.")


class DunningListView(ListView):
    """Balances that are overdue, suspended, or put off by a promise."""

    permission = "money.manage"
    is_for_accounts = False
    model = Balance
    title = gettext_lazy("Dunning")
    table_class = DunningTable
    filterset_class = DunningFilter
    empty_icon = "check-circle"
    empty_title = gettext_lazy("Nothing is overdue")
    empty_text = gettext_lazy("Invoices that are not paid by their due date stand here.")

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return dunned(queryset, self.actor)


class DunnedMixin(PageMixin, ScopedMixin):
    """A page about the dunning of one balance, on the side of who issues it."""

    permission = "money.manage"
    is_for_accounts = False
    model = Balance

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows = issued_below(queryset, self.actor)
        return rows.select_related("customer", "account", "currency")

    def get_payer(self) -> str:
        return str(self.object.account or self.object.customer)

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Dunning"), reverse("billing:dunning_list"))]


class DunningDetailView(DunnedMixin, DetailView):
    """What is overdue of one balance, what happens next, and the log with its undo."""

    template_name = "billing/dunning_detail.html"

    def get_title(self) -> str:
        return self.get_payer()

    def get_status(self) -> Any:
        panel = self.panel
        return panel.state if panel else None

    @cached_property
    def panel(self) -> DunningPanel | None:
        return dunning_panel(self.actor, self.object)

    def get_actions(self) -> list[Action]:
        return dunning_actions(self.panel, self.object) if may_dun(self.actor, self.object) else []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        balance, today = self.object, today_of(self.object, now())
        return super().get_context_data(
            panel=self.panel,
            facts=dunning_facts(self.panel, balance),
            invoices=owed_by([balance.pk])[balance.pk],
            today=today,
            statement_url=statement_url(balance),
            **kwargs,
        )


def dunning_actions(panel: DunningPanel | None, balance: Balance) -> list[Action]:
    """The buttons of a balance: a promise where something is overdue, stop or go on."""
    state = panel.state if panel else None

    def button(label: str, name: str, icon: str, **options: Any) -> Action:
        url = reverse(f"billing:dunning_{name}", args=[balance.pk])
        return Action(label, url, icon, "money.manage", **options)

    actions = []
    if state is not None:
        actions.append(button(_("Promise to pay"), "promise", "calendar-days", primary=True))
    if state in (DunningState.SUSPENDED, DunningState.PROMISED):
        actions.append(button(_("Lift"), "lift", "play"))
    if state is not DunningState.SUSPENDED:
        actions.append(button(_("Suspend now"), "suspend", "pause", more=True, danger=True))
    return actions


def dunning_facts(panel: DunningPanel | None, balance: Balance) -> list[tuple[str, Any]]:
    """Label and value of what is overdue, since when, and what happens next."""
    row = panel.balance if panel else None
    amount = row.overdue_amount if row else ZERO
    planned = panel.next if panel else None
    money = f"{display.amount_text(amount, balance.currency_id)} {balance.currency_id}"
    following = (
        display.listed((planned.kind.label, display.date_text(planned.on))) if planned else None
    )
    facts = [
        (_("Overdue"), money),
        (_("Invoices"), row.overdue_count if row else 0),
        (_("Due since"), row and row.overdue_since and display.date_text(row.overdue_since)),
        (_("Next step"), following),
        (_("Billing time zone"), balance.period_timezone),
    ]
    if row and row.since:
        facts.append((_("Suspended since"), display.datetime_text(row.since)))
    if row and row.promised_until:
        facts.append((_("Promised until"), display.date_text(row.promised_until)))
    return facts


class DecideView(DunnedMixin, EditView):
    """A form by which who issues a balance decides about its dunning."""

    close_label = ""

    def check_object(self, obj: Balance) -> None:
        if not may_dun(self.actor, obj):
            raise PermissionDenied(OWNERS_ONLY)

    def get_crumbs(self) -> list[Link]:
        return [*super().get_crumbs(), Link(self.get_payer(), self.get_close_url(None))]

    def get_stay_url(self, saved: Any) -> str:
        return self.get_close_url(saved)

    def get_close_url(self, saved: Any) -> str:
        return reverse("billing:dunning_detail", args=[self.object.pk])


class PromiseView(DecideView):
    """Calls go on until a day."""

    form_class = PromiseForm
    save_label = gettext_lazy("Promise to pay")
    success_message = gettext_lazy("Calls go on until the end of that day.")

    def get_title(self) -> Text:
        return _("Promise to pay of %(name)s") % {"name": self.get_payer()}

    def get_meta(self) -> str:
        return _("Calls go on until the end of the day, and stop if it is still not paid then.")

    def get_initial(self) -> dict[str, Any]:
        return {"until": today_of(self.object, now()) + 7 * DAY}

    def service(self, form: PromiseForm) -> None:
        promise(actor=self.actor, balance=self.object, **form.cleaned_data)


class SuspendView(DecideView):
    """Calls stop at once."""

    form_class = SuspendForm
    save_label = gettext_lazy("Suspend now")
    success_message = gettext_lazy("Suspended. Its calls, and those below it, are refused.")

    def get_title(self) -> Text:
        return _("Suspend %(name)s") % {"name": self.get_payer()}

    def get_meta(self) -> str:
        return _(
            "Calls stop, of all below it too; logins go on. It is lifted when what is overdue is "
            "paid; where nothing is, by you alone."
        )

    def service(self, form: SuspendForm) -> None:
        suspend(actor=self.actor, balance=self.object, **form.cleaned_data)


class LiftView(DecideView):
    """Calls go on at once."""

    form_class = LiftForm
    save_label = gettext_lazy("Lift")
    success_message = gettext_lazy("Lifted. Calls go on.")

    def get_title(self) -> Text:
        return _("Lift the suspension of %(name)s") % {"name": self.get_payer()}

    def get_meta(self) -> str:
        return _("Invoices that are overdue now stop no calls again, unless you suspend by hand.")

    def service(self, form: LiftForm) -> None:
        lift(actor=self.actor, balance=self.object, **form.cleaned_data)


class UndoView(ActionView):
    """Takes a step back; what was mailed stays mailed."""

    permission = "money.manage"
    is_for_accounts = False
    model = DunningStep
    return_url_name = "billing:dunning_detail"
    returns_to_object = True
    success_message = gettext_lazy("Undone.")

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("balance")

    def service(self, obj: DunningStep) -> None:
        undo_step(actor=self.actor, step=obj)

    def get_return_url(self) -> str:
        """Back to where the log was read, else to the page of the balance."""
        self.object = self.object.balance
        return super().get_return_url()
