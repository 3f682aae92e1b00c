"""Forms of customers: opening, editing, the own company, archiving."""

from collections.abc import Sequence
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.forms.models import fields_for_model
from django.utils.translation import gettext_lazy as _
from timezone_field.choices import with_gmt_offset

from billing.selectors.balances import mode_choices, tariff_choices
from billing.selectors.overview import surplus_choices
from customers.choices import Kind, ProfitUnit, Status
from customers.forms.logins import password_field
from customers.models import Customer
from softswitch.core.forms import ScopedForm, Section
from tariffs.selectors import currency_choices

# Labels, lengths and checks of the record's own columns, so that they are said once.
_COLUMN = fields_for_model(Customer)


def zone_choices() -> list[tuple[str, str]]:
    """IANA names by their present offset: ("Europe/London", "GMT+00:00 Europe/London")."""
    names = [name for name in available_timezones() if "/" in name and name[:4] != "Etc/"]
    choices: list[tuple[str, str]] = with_gmt_offset(["UTC", *names], use_pytz=False)
    return choices


class ZoneField(forms.TypedChoiceField):
    """A time zone, shown with its present offset."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=zone_choices, coerce=ZoneInfo, **kwargs)


class TermsFields(forms.Form):
    """The money side: what the owner sells at, and how it is paid."""

    tariff = forms.ModelChoiceField(tariff_choices(), label=_("Tariff"), empty_label=None)
    currency = forms.ModelChoiceField(
        currency_choices(),
        label=_("Currency"),
        required=False,
        empty_label=_("As the tariff"),
        help_text=_("Fixed once money has moved."),
    )
    mode = forms.ChoiceField(label=_("Terms"), choices=mode_choices)
    credit_limit = forms.DecimalField(
        label=_("Credit limit"),
        min_value=0,
        max_digits=20,
        decimal_places=6,
        initial=0,
        help_text=_("Prepaid: how far the balance may go below 0."),
    )


class NewCustomerForm(TermsFields, ScopedForm):
    """The short form: what it takes to open a customer."""

    sections = (
        Section(
            _("Basic info"),
            ("name", "kind", "company_name", "main_email", "billing_email"),
            help=_("The name is unique in the whole system."),
        ),
        Section(_("Billing"), ("tariff", "currency", "mode", "credit_limit", "opening_balance")),
        Section(_("Place and time"), ("timezone", "language", "opened_at")),
        Section(
            _("Web login"),
            ("login", "password"),
            help=_("Its first administrator. You can add logins later."),
        ),
    )
    widths = {
        "name": 4,
        "kind": 2,
        "main_email": 3,
        "billing_email": 3,
        "tariff": 4,
        "currency": 2,
        "mode": 2,
        "credit_limit": 2,
        "opening_balance": 2,
        "timezone": 4,
        "language": 2,
        "opened_at": 3,
        "login": 3,
        "password": 3,
    }
    public_choices = ("currency",)

    name = _COLUMN["name"]
    kind = forms.ChoiceField(label=_("Kind"), choices=[c for c in Kind.choices if c[0] != "root"])
    company_name = _COLUMN["company_name"]
    main_email = _COLUMN["main_email"]
    billing_email = _COLUMN["billing_email"]
    opening_balance = forms.DecimalField(
        label=_("Opening balance"),
        max_digits=20,
        decimal_places=6,
        initial=0,
        help_text=_("Below 0 it owes. Afterwards only Maintenance changes the balance."),
    )
    timezone = ZoneField(label=_("Time zone"))
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    opened_at = forms.DateTimeField(
        label=_("In service since"),
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("Empty: now. Calls before it are not charged."),
    )
    login = forms.CharField(label=_("Login"), required=False, max_length=150)
    password = password_field(_("Password"), required=False)

    def narrow_tariff(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Only the actor's own tariffs can be sold."""
        return queryset.filter(owner=self.actor.customer_id)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("login") and not cleaned.get("password"):
            self.add_error("password", _("Enter a password for this login."))
        return cleaned


class CompanyForm(ScopedForm):
    """What a customer edits of itself."""

    sections: ClassVar[Sequence[Section]] = (
        Section(
            _("Company info"),
            (
                "company_name",
                "main_email",
                "noc_email",
                "billing_email",
                "rates_email",
                "tax_id",
                "contact",
                "address",
            ),
        ),
        Section(_("Place and time"), ("timezone", "language")),
    )
    widths = {
        "main_email": 3,
        "noc_email": 3,
        "billing_email": 3,
        "rates_email": 3,
        "tax_id": 3,
        "contact": 3,
        "timezone": 4,
        "language": 2,
    }
    company_name = _COLUMN["company_name"]
    main_email = _COLUMN["main_email"]
    noc_email = _COLUMN["noc_email"]
    billing_email = _COLUMN["billing_email"]
    rates_email = _COLUMN["rates_email"]
    tax_id = _COLUMN["tax_id"]
    contact = _COLUMN["contact"]
    address = forms.CharField(
        label=_("Address"), required=False, widget=forms.Textarea({"rows": 3})
    )
    timezone = ZoneField(label=_("Time zone"))
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)


class CustomerForm(TermsFields, CompanyForm):
    """What an owner edits of a direct customer; the balance is shown, never changed here."""

    sections = (
        Section(_("Basic info"), ("name", "kind", "status", "timezone", "language")),
        Section(_("Billing"), ("tariff", "currency", "mode", "credit_limit", "balance")),
        Section(
            _("Limits"),
            ("call_limit", "cps_limit", "max_depth"),
            help=_("Empty: unlimited. 0: none allowed."),
        ),
        CompanyForm.sections[0],
        Section(
            _("Kept by you"),
            ("min_profitability", "min_profitability_unit", "internal_notes"),
            help=_("The customer does not see these."),
        ),
    )
    widths = CompanyForm.widths | {
        "kind": 3,
        "status": 3,
        "tariff": 4,
        "currency": 2,
        "mode": 2,
        "credit_limit": 2,
        "balance": 2,
        "call_limit": 2,
        "cps_limit": 2,
        "max_depth": 2,
        "min_profitability": 3,
        "min_profitability_unit": 3,
    }
    public_choices = ("currency",)

    name = _COLUMN["name"]
    kind = forms.ChoiceField(label=_("Kind"), choices=[c for c in Kind.choices if c[0] != "root"])
    status = forms.ChoiceField(label=_("Status"), choices=Status.choices)
    balance = forms.CharField(
        label=_("Balance"),
        required=False,
        disabled=True,
        help_text=_("Only Maintenance changes it."),
    )
    call_limit = _COLUMN["call_limit"]
    cps_limit = _COLUMN["cps_limit"]
    max_depth = _COLUMN["max_depth"]
    min_profitability = _COLUMN["min_profitability"]
    min_profitability_unit = forms.ChoiceField(label=_("It counts"), choices=ProfitUnit.choices)
    internal_notes = forms.CharField(
        label=_("Internal notes"), required=False, widget=forms.Textarea({"rows": 3})
    )

    def narrow_tariff(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Only the actor's own tariffs can be sold."""
        return queryset.filter(owner=self.actor.customer_id)

    def fix_currency(self) -> None:
        """Show the currency without offering another: money has moved."""
        self.fields["currency"].disabled = True


class ArchiveForm(ScopedForm):
    """What becomes of the money of a customer that is archived, and why."""

    surplus = forms.ChoiceField(
        label=_("A positive balance is"), choices=surplus_choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=500, help_text=_("It stands in the ledger and the audit log.")
    )
