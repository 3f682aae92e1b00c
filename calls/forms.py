"""Forms of CDR uploads, switches and re-ratings."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Trunk
from calls.choices import CdrFormat
from calls.models import Switch
from calls.parsers.freeswitch_csv import TEMPLATES
from customers.models import Customer
from softswitch.core.forms import NamedChoiceField, ScopedForm, ScopedModelForm, Section
from tariffs.models import Tariff

MINUTE = "%Y-%m-%dT%H:%M"


class ImportForm(ScopedForm):
    """A CDR file, the switch it comes from, and its format."""

    sections = (
        Section(_("File"), ("file", "switch")),
        Section(
            _("How to read it"),
            ("format", "template"),
            help=_("Numbers and local times are read by the rules of the switch."),
        ),
    )
    widths = {"switch": 3, "format": 3, "template": 3}

    file = forms.FileField(label=_("CDR file"), help_text=_("Calls stored already count once."))
    switch = forms.ModelChoiceField(Switch.objects.all(), label=_("Switch"))
    format = forms.ChoiceField(
        label=_("Format"),
        choices=[("", _("Told from the file")), *CdrFormat.choices],
        required=False,
    )
    template = forms.ChoiceField(
        label=_("Template"),
        choices=[("", _("Default")), *((name, name) for name in TEMPLATES)],
        required=False,
        help_text=_("Only for FreeSWITCH mod_cdr_csv: the template in its configuration."),
    )


class SettleForm(ScopedForm):
    """Why a level of an unrated call costs nothing."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("Only this level becomes free; the others pay their own price."),
    )


class SwitchForm(ScopedModelForm):
    """A switch with the rules to read its numbers and times."""

    sections = (
        Section(_("Switch"), ("name", "timezone", "is_active")),
        Section(
            _("Source addresses"),
            ("source_addresses",),
            help=_("Who may deliver with the token of this switch. Empty: from anywhere."),
        ),
        Section(
            _("Numbers"),
            (
                "international_prefixes",
                "default_country_code",
                "national_prefix",
                "tech_prefix_separator",
            ),
            help=_("How called numbers are cleaned to E.164 before matching."),
        ),
    )
    widths = {
        "name": 3,
        "timezone": 3,
        "international_prefixes": 3,
        "default_country_code": 3,
        "national_prefix": 3,
        "tech_prefix_separator": 3,
    }

    class Meta:
        model = Switch
        fields = (
            "name",
            "timezone",
            "is_active",
            "source_addresses",
            "international_prefixes",
            "default_country_code",
            "national_prefix",
            "tech_prefix_separator",
        )
        labels = {
            "national_prefix": _("National prefix"),
            "tech_prefix_separator": _("Tech-prefix separator"),
        }
        help_texts = {
            "source_addresses": _("One address or network a line."),
            "international_prefixes": _("With spaces between them, such as + 00 011."),
            "default_country_code": _("For numbers in national form, such as 44."),
            "national_prefix": _("Before national numbers, such as 0."),
            "tech_prefix_separator": _("Between tech prefix and number, such as #."),
        }
        widgets = {"source_addresses": forms.Textarea({"rows": 3})}


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
                "Charged calls that were set up then. Only what your customers, and those below "
                "them, pay is priced anew; what you pay yourself stays."
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
