"""The form of a re-rating."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Trunk
from customers.models import Customer
from softswitch.core.forms import NamedChoiceField, ScopedForm, Section
from tariffs.models import Tariff

MINUTE = "%Y-%m-%dT%H:%M"


def _month_start() -> Any:
    return timezone.localtime().replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _moment(label: Any, **options: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput({"type": "datetime-local"}, format=MINUTE)
    return forms.DateTimeField(label=label, widget=widget, **options)


class ReRatingForm(ScopedForm):
    """Which charged calls, by which terms, and why."""

    sections = (
        Section(
            _("Calls"),
            ("since", "till", "customer", "account", "trunk", "called", "assigned"),
            help=_(
                "Charged calls that were set up then. Only what your direct customers and your "
                "own accounts paid you for them is priced anew."
            ),
        ),
        Section(
            _("Terms"),
            ("tariff", "terms_at"),
            help=_(
                "With both empty: what was in force when each call began, as it stands now, such "
                "as a rate or an exchange rate that was added later for that time."
            ),
        ),
        Section(_("Why"), ("reason",)),
    )
    widths = {"since": 3, "till": 3, "customer": 3, "account": 3, "trunk": 3, "called": 3,
              "assigned": 3, "tariff": 3, "terms_at": 3}  # fmt: skip

    since = _moment(_("From"), initial=_month_start)
    till = _moment(_("To"), initial=timezone.localtime, help_text=_("Up to now at most."))
    customer = NamedChoiceField(
        Customer.objects.all(), label=_("Customer, with all below"), required=False
    )
    account = NamedChoiceField(
        Account.objects.all(), label=_("Account"), name_field="auth_name", required=False
    )
    trunk = NamedChoiceField(Trunk.objects.all(), label=_("Trunk"), required=False)
    called = forms.CharField(
        label=_("CLD"), max_length=40, required=False, help_text=_("A number, or such as 4420*.")
    )
    assigned = forms.ModelChoiceField(
        Tariff.objects.all(),
        label=_("Tariff of the customer"),
        required=False,
        empty_label=_("Any"),
        help_text=_("Only who paid by it when the call began."),
    )
    tariff = forms.ModelChoiceField(
        Tariff.objects.all(),
        label=_("Another tariff"),
        required=False,
        empty_label=_("As assigned"),
        help_text=_("In place of the assigned one, for your direct customers."),
    )
    terms_at = _moment(
        _("Terms of another moment"),
        required=False,
        help_text=_("Rates and parameters as they were then, for calls of all times."),
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("Stands in the audit log, and with every charge that it changes."),
    )

    def narrow_assigned(self, tariffs: QuerySet[Tariff]) -> QuerySet[Tariff]:
        return self.narrow_tariff(tariffs)

    def narrow_tariff(self, tariffs: QuerySet[Tariff]) -> QuerySet[Tariff]:
        """One's own: others sell by theirs."""
        own = tariffs.filter(owner_id=self.actor.customer_id, archived_at=None)
        return own.order_by("name")
