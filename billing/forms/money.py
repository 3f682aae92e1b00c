"""Forms of money and of files: Maintenance, statements, payment terms, invoices, imports."""

from datetime import date
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib.postgres.forms import SimpleArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.forms.models import fields_for_model
from django.utils.translation import gettext_lazy as _

from billing.choices import EntryKind, MaintenanceAction, PeriodType
from billing.models import InvoiceSettings, PaymentTerm
from billing.selectors.ended import settle_choices
from customers.choices import InvoiceSection
from softswitch.core.forms import (
    IdempotentFormMixin,
    ScopedForm,
    Section,
)
from softswitch.core.money import ZERO
from softswitch.core.zones import ZoneField
from tariffs.selectors import currency_choices


class MaintenanceForm(IdempotentFormMixin, ScopedForm):
    """Debit, Credit or Add Funds; the hidden key makes it post once, however often it is sent."""

    widths = {"amount": 4, "currency": 2}
    public_choices = ("currency",)

    action = forms.ChoiceField(label=_("Action"), choices=MaintenanceAction.choices)
    amount = forms.DecimalField(
        label=_("Amount"),
        max_digits=18,
        decimal_places=6,
        help_text=_("Above 0; the action gives the sign."),
    )
    currency = forms.ModelChoiceField(
        currency_choices(), label=_("Currency"), empty_label=None, to_field_name="code"
    )
    notes = forms.CharField(
        label=_("Notes"),
        required=False,
        max_length=500,
        help_text=_("Both sides see the notes in the ledger."),
    )


class SettleForm(IdempotentFormMixin, ScopedForm):
    """What becomes of ``amount``, which late calls left on a balance that has ended, and why."""

    kind = forms.ChoiceField(label=_("What becomes of it"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("Reason"), max_length=500, help_text=_("Both sides read it in the ledger.")
    )

    def __init__(self, *args: Any, amount: Decimal = ZERO, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ChoiceField", self.fields["kind"]).choices = settle_choices(amount)


class CalendarForm(ScopedForm):
    """How often, and by which clocks, a balance is billed."""

    widths = {"period_type": 3, "period_timezone": 4}

    period_type = forms.ChoiceField(label=_("Billing period"), choices=PeriodType.choices)
    period_timezone = ZoneField(label=_("Billing time zone"))


class PinForm(ScopedForm):
    """The PIN of a voucher, as it was printed: spaces and dashes do not matter."""

    widths = {"pin": 4}

    pin = forms.CharField(
        label=_("Voucher PIN"),
        max_length=40,
        help_text=_("Each PIN works once. After 5 wrong PINs wait 15 minutes."),
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
    )


def day_field(label: Any) -> forms.DateField:
    """A day from 1900 to 2999, so that the midnights around it are dates too."""
    span = [MinValueValidator(date(1900, 1, 1)), MaxValueValidator(date(2999, 12, 31))]
    widget = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, validators=span)


class StatementForm(ScopedForm):
    """The query form above a statement; days are those of the billing time zone."""

    since = day_field(_("From"))
    until = day_field(_("To"))
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("Any")), *EntryKind.choices]
    )
    notes = forms.CharField(label=_("Notes"), required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since > until:
            self.add_error("until", _("This is before the first day."))
        return cleaned

    @property
    def is_active(self) -> bool:
        """Whether lines may be left out, so that an empty statement is "nothing found"."""
        return bool(self.data.get("kind") or self.data.get("notes"))


class IssueForm(ScopedForm):
    """The date of an invoice; what is due when counts from it."""

    widths = {"issued_on": 2}

    issued_on = day_field(_("Date of the invoice"))


class DiscardForm(ScopedForm):
    """Why a draft is discarded."""

    reason = forms.CharField(label=_("Reason"), max_length=300)


class VoidForm(ScopedForm):
    """Why an invoice is voided."""

    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("Both sides read it in the ledger.")
    )


class CreditNoteForm(IdempotentFormMixin, ScopedForm):
    """How much of an invoice is taken back, tax included, and why."""

    widths = {"amount": 2, "reason": 4}

    amount = forms.DecimalField(label=_("Amount"), max_digits=18, decimal_places=6)
    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("The customer reads it on the credit note.")
    )


_TERM = fields_for_model(PaymentTerm)
_SETTINGS = fields_for_model(InvoiceSettings)
MAX_DAYS = 365


def days_field(label: Any) -> SimpleArrayField:
    """Numbers of days, with commas between; none is none."""
    day = forms.IntegerField(min_value=1, max_value=MAX_DAYS)
    return SimpleArrayField(day, label=label, required=False, max_length=10)


class PaymentTermForm(ScopedForm):
    """Which periods are invoiced, and how long the customer has to pay."""

    sections = (
        Section(_("Payment term"), ("name", "period_type", "due_days", "grace_days")),
        Section(
            _("Reminders"),
            ("reminders_before", "reminders_after"),
            help=_("By e-mail, of invoices that are open. Days with commas between, such as 1, 7."),
        ),
    )
    widths = {
        "name": 4,
        "period_type": 2,
        "due_days": 3,
        "grace_days": 3,
        "reminders_before": 3,
        "reminders_after": 3,
    }

    name = _TERM["name"]
    period_type = forms.ChoiceField(
        label=_("Billing period"),
        choices=PeriodType.choices,
        help_text=_("Of new customers; of others from the next close after the term is chosen."),
    )
    due_days = forms.IntegerField(
        label=_("Days until due"),
        min_value=0,
        max_value=MAX_DAYS,
        help_text=_("From the day of the invoice."),
    )
    grace_days = forms.IntegerField(
        label=_("Grace days"),
        min_value=0,
        max_value=MAX_DAYS,
        help_text=_("After the due date, before calls stop."),
    )
    reminders_before = days_field(_("Days before the due date"))
    reminders_after = days_field(_("Days after the due date"))

    def clean_reminders_before(self) -> list[int]:
        return sorted(set(self.cleaned_data["reminders_before"]))

    def clean_reminders_after(self) -> list[int]:
        return sorted(set(self.cleaned_data["reminders_after"]))


class PromiseForm(ScopedForm):
    """By when a customer promises to pay."""

    widths = {"until": 2}

    until = day_field(_("Until"))
    notes = forms.CharField(
        label=_("Notes"),
        required=False,
        max_length=300,
        help_text=_("The customer does not see them."),
    )


class SuspendForm(ScopedForm):
    """Why calls stop at once."""

    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("The customer does not see it.")
    )


class LiftForm(ScopedForm):
    """Why calls go on."""

    notes = forms.CharField(
        label=_("Notes"),
        required=False,
        max_length=300,
        help_text=_("The customer does not see them."),
    )


def _text(label: Any, **kwargs: Any) -> forms.CharField:
    """Some lines of text that may be empty."""
    widget = forms.Textarea({"rows": 3})
    return forms.CharField(label=label, required=False, max_length=1000, widget=widget, **kwargs)


class InvoiceSettingsForm(ScopedForm):
    """How the invoices of the customers who have these settings look."""

    sections = (
        Section(
            _("Invoice settings"),
            ("name", "series", "credit_series", "invoice_format", "is_e_invoice", "non_zero_only"),
        ),
        Section(_("Lines"), ("grouping", "rate_value", "rate_decimals", "included")),
        Section(
            _("Look"),
            ("language", "accent", "logo_file", "without_logo"),
        ),
        Section(
            _("Texts"), ("payment_text", "header", "footer"), help=_("The customer reads them.")
        ),
    )
    widths = {
        "name": 2,
        "series": 2,
        "credit_series": 2,
        "invoice_format": 2,
        "grouping": 2,
        "rate_value": 2,
        "rate_decimals": 2,
        "language": 2,
        "accent": 1,
        "logo_file": 3,
    }

    name = _SETTINGS["name"]
    series = forms.CharField(
        label=_("Number series"),
        max_length=20,
        help_text=_("Stands before the number; {year} becomes the year."),
    )
    credit_series = forms.CharField(
        label=_("Series of credit notes"), max_length=20, help_text=_("Credit notes count apart.")
    )
    invoice_format = _SETTINGS["invoice_format"]
    is_e_invoice = forms.BooleanField(
        label=_("Electronic invoice (Factur-X): the PDF holds the invoice for machines, too"),
        required=False,
        help_text=_("Needs the tax id and the country of both sides."),
    )
    non_zero_only = forms.BooleanField(
        label=_("Only invoices with a total other than 0"), required=False
    )
    grouping = _SETTINGS["grouping"]
    rate_value = _SETTINGS["rate_value"]
    rate_decimals = forms.IntegerField(label=_("Rate decimals"), min_value=0, max_value=8)
    included = forms.MultipleChoiceField(
        label=_("Included in the invoice"),
        required=False,
        choices=InvoiceSection.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=[("", _("The customer's")), *settings.LANGUAGES],
    )
    accent = forms.RegexField(
        r"^#[0-9a-f]{6}$",
        label=_("Colour"),
        widget=forms.TextInput({"type": "color"}),
        error_messages={"invalid": _("Enter a colour such as #2d52c4.")},
    )
    logo_file = forms.FileField(
        label=_("Logo"),
        required=False,
        widget=forms.FileInput({"accept": "image/png,image/jpeg"}),
        help_text=_("PNG or JPEG, up to 300 kB."),
    )
    without_logo = forms.BooleanField(label=_("No logo"), required=False)
    payment_text = _text(
        _("How to pay"), help_text=_("One line each, such as IBAN: GB00 HALY 0000 0012 3456 78.")
    )
    header = _text(_("Text above the lines"))
    footer = _text(_("Text below the sums"))


class RecordFileForm(ScopedForm):
    """A file of customers or accounts to check."""

    sections = (
        Section(
            _("File"),
            ("file",),
            help=_(
                "CSV or XLSX, up to 20,000 rows. The first row names the columns, by the names of "
                "the template or by their labels. Nothing is made before every row is right."
            ),
        ),
    )
    file = forms.FileField(
        label=_("File"), widget=forms.FileInput({"accept": ".csv,.txt,.tsv,.xlsx,text/csv"})
    )
