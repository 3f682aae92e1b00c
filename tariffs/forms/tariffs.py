"""Forms of tariffs."""

from collections.abc import Sequence
from typing import ClassVar

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from softswitch.core.forms import ScopedForm, Section
from softswitch.core.zones import ZoneField
from tariffs.choices import LossProtection, Rounding
from tariffs.forms.fields import seconds_field
from tariffs.models import Currency
from tariffs.selectors import currency_choices


class TariffForm(ScopedForm):
    """All that a tariff says; the service tells the header from the versioned parameters."""

    sections: ClassVar[Sequence[Section]] = (
        Section(_("Tariff"), ("name", "currency", "timezone", "is_default")),
        Section(
            _("Charge"),
            ("connect_fee", "post_call_surcharge", "free_seconds", "grace_period", "is_not_billed"),
            help=_("A change counts for calls that start afterwards, never for earlier ones."),
        ),
        Section(_("Rounding"), ("duration_rounding", "cost_rounding", "decimals")),
        Section(_("Profit"), ("average_call_duration", "loss_protection")),
    )
    widths = {
        "currency": 3,
        "timezone": 3,
        "connect_fee": 3,
        "post_call_surcharge": 3,
        "free_seconds": 3,
        "grace_period": 3,
        "duration_rounding": 2,
        "cost_rounding": 2,
        "decimals": 2,
        "average_call_duration": 3,
        "loss_protection": 3,
    }
    name = forms.CharField(label=_("Name"), max_length=120)
    currency = forms.ModelChoiceField(
        currency_choices(), label=_("Currency"), help_text=_("Fixed once the tariff is saved.")
    )
    timezone = ZoneField(label=_("Time zone"), initial="UTC")
    is_default = forms.BooleanField(label=_("Default for new customers"), required=False)
    connect_fee = forms.DecimalField(
        label=_("Connect fee"), min_value=0, max_digits=12, decimal_places=8, initial=0
    )
    post_call_surcharge = forms.DecimalField(
        label=_("Post-call surcharge"),
        min_value=-1,
        max_value=100,
        max_digits=9,
        decimal_places=6,
        initial=0,
        help_text=_("A fraction of the cost: 0.015 is 1.5 %."),
    )
    free_seconds = seconds_field(_("Free seconds"))
    grace_period = seconds_field(_("Grace period, s"))
    is_not_billed = forms.BooleanField(
        label=_("Not billed"),
        required=False,
        help_text=_("Calls are stored and rated at 0, and never invoiced."),
    )
    duration_rounding = forms.ChoiceField(label=_("Duration"), choices=Rounding.choices)
    cost_rounding = forms.ChoiceField(label=_("Cost"), choices=Rounding.choices)
    decimals = forms.IntegerField(label=_("Decimals"), min_value=0, max_value=6, initial=5)
    average_call_duration = forms.IntegerField(
        label=_("Average call duration, s"), min_value=1, max_value=86_400, initial=180
    )
    loss_protection = forms.ChoiceField(
        label=_("Loss protection"), choices=LossProtection.choices, initial=LossProtection.OFF
    )

    def narrow_currency(self, rows: QuerySet[Currency]) -> QuerySet[Currency]:
        return rows.filter(is_active=True)


class TariffEditForm(TariffForm):
    """The same without the currency, which is fixed."""

    currency = None  # type: ignore[assignment] # Django's way to drop an inherited field
