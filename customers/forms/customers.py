"""Forms of customers: the short form, the own company, archiving, and the fields they share."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.forms.models import fields_for_model
from django.utils.translation import gettext_lazy as _

from billing.selectors.balances import mode_choices, tariff_choices
from billing.selectors.final_invoices import final_invoice_choices
from billing.selectors.overview import surplus_choices
from customers.choices import Kind
from customers.forms.custom_fields import custom_form_fields
from customers.forms.logins import LINK_TO_MAIN, password_field
from customers.models import Customer, CustomerClass
from customers.selectors.definitions import (
    business_model_choices,
    class_choices,
    has_business_models,
    has_classes,
)
from softswitch.core.display import country_names, listed
from softswitch.core.forms import BoundSection, MomentField, ScopedForm, Section
from softswitch.core.zones import ZoneField
from tariffs.selectors import currency_choices

# Labels, lengths and checks of the record's own columns, so that they are said once.
_COLUMN = fields_for_model(Customer)


def country_choices() -> list[tuple[str, str]]:
    """None, then the countries by the name that the reader calls them."""
    named = sorted(country_names().items(), key=lambda item: item[1])
    return [("", "–"), *named]


class CountryField(forms.ChoiceField):
    """A country by its ISO 3166 code, or none."""

    def __init__(self) -> None:
        super().__init__(label=_("Country"), required=False, choices=country_choices)


class TermsFields(ScopedForm):
    """The money side: what the owner sells at, and how it is paid."""

    public_choices: ClassVar[Sequence[str]] = ("currency",)

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
        help_text=_("Prepaid: a test credit, how far the balance may go below 0."),
    )

    def narrow_tariff(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Only the actor's own tariffs can be sold."""
        return queryset.filter(owner=self.actor.customer_id)


class OpeningFields(ScopedForm):
    """What is set when a customer is opened, and never again."""

    opening_balance = forms.DecimalField(
        label=_("Opening balance"),
        max_digits=20,
        decimal_places=6,
        initial=0,
        help_text=_(
            "Prepaid: the available funds. Below 0 it owes. Later only Maintenance changes it."
        ),
    )
    opened_at = MomentField(
        label=_("In service since"),
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("Empty: now. Calls before it are not charged."),
    )


class DefinedFields(ScopedForm):
    """Kind, business model, class and its custom fields, as far as the owner has defined any.

    Which custom fields there are is known once a class is chosen. A class that was chosen in the
    form just sent and has some is an error at first, whose answer shows them.
    """

    asks_all: ClassVar[bool] = True  # custom fields, not only the mandatory ones

    kind = forms.ChoiceField(label=_("Kind"), choices=[c for c in Kind.choices if c[0] != "root"])
    business_model = forms.ModelChoiceField(
        business_model_choices(), label=_("Business model"), required=False, empty_label="–"
    )
    customer_class = forms.ModelChoiceField(
        class_choices(),
        label=_("Customer class"),
        required=False,
        empty_label="–",
        help_text=_("What is not set for the customer alone is inherited from its class."),
    )
    shown_class = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_business_models(self.actor):
            self.fields["business_model"].widget = forms.HiddenInput()
        if not has_classes(self.actor):
            self.fields["customer_class"].widget = forms.HiddenInput()
        self.chosen_class = self._chosen_class()
        self.custom_fields = {
            name: field
            for name, field in custom_form_fields(self.chosen_class).items()
            if self.asks_all or field.required
        }
        self.fields.update(self.custom_fields)
        self.has_new_fields = self._show_class()

    def narrow_business_model(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Only the acting owner's own."""
        return queryset.filter(owner=self.actor.customer_id)

    narrow_customer_class = narrow_business_model

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        model, kind = cleaned.get("business_model"), cleaned.get("kind")
        if model is not None and kind and kind not in model.kinds:
            kinds = listed(label for value, label in Kind.choices if value in model.kinds)
            text = _("%(model)s is for: %(kinds)s.") % {"model": model, "kinds": kinds}
            self.add_error("kind", text)
        if self.has_new_fields:
            self.add_error("customer_class", _("This class has fields of its own: see below."))
        return cleaned

    def require_business_model(self) -> None:
        """A new customer needs a business model where its owner has any."""
        self.fields["business_model"].required = has_business_models(self.actor)

    def laid_out(self) -> list[BoundSection]:
        """With the custom fields after the first section, and without what is hidden."""
        first, *others = super().laid_out()
        custom = [self[name] for name in self.custom_fields]
        head = replace(first, fields=[field for field in first.fields if not field.is_hidden])
        others = [section for section in others if section.title]
        if not custom:
            return [head, *others]
        text = _("Fields of the class %(name)s.") % {"name": self.chosen_class}
        return [head, BoundSection(_("Custom fields"), text, custom), *others]

    def _chosen_class(self) -> CustomerClass | None:
        """The class in what was sent, else the one that is shown first."""
        try:
            chosen: CustomerClass | None = self.fields["customer_class"].clean(
                self["customer_class"].value()
            )
        except forms.ValidationError:
            return None
        return chosen

    def _show_class(self) -> bool:
        """Note the class whose fields are shown; whether some were not in the form that was sent.

        Those hold their defaults then.
        """
        key = str(self.chosen_class.pk) if self.chosen_class else ""
        if not self.is_bound:
            self.initial["shown_class"] = key
            return False
        is_new = bool(self.custom_fields) and self.data.get("shown_class", "") != key
        data: Any = self.data
        self.data = data = data.copy()
        data["shown_class"] = key
        if is_new:
            for name, field in self.custom_fields.items():
                data.setdefault(name, field.initial)
        return is_new


class NewCustomerForm(TermsFields, OpeningFields, DefinedFields):
    """The short form: what it takes to open a customer."""

    asks_all = False
    sections = (
        Section(
            _("Basic info"),
            (
                "name",
                "kind",
                "business_model",
                "customer_class",
                "company_name",
                "main_email",
                "billing_email",
            ),
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
        "business_model": 3,
        "customer_class": 3,
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

    name = _COLUMN["name"]
    company_name = _COLUMN["company_name"]
    main_email = _COLUMN["main_email"]
    billing_email = _COLUMN["billing_email"]
    timezone = ZoneField(label=_("Time zone"))
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    login = forms.CharField(label=_("Login"), required=False, max_length=150)
    password = password_field(_("Password"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.require_business_model()
        if self.actor.is_switched:
            del self.fields["password"]
            self.fields["login"].help_text = LINK_TO_MAIN

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("login"):
            return cleaned
        if "password" not in self.fields:
            if not cleaned.get("main_email") and "main_email" not in self.errors:
                self.add_error("main_email", _("Enter the address that the link is mailed to."))
        elif not cleaned.get("password"):
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
                "country",
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
        "country": 3,
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
    country = CountryField()
    timezone = ZoneField(label=_("Time zone"))
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)


class ArchiveForm(ScopedForm):
    """What becomes of the last invoice and the money of a customer that is archived, and why."""

    final_invoice = forms.TypedChoiceField(
        label=_("The final invoice is"),
        choices=final_invoice_choices,
        widget=forms.RadioSelect,
        required=False,
        initial="issue",
        empty_value="issue",
    )
    surplus = forms.ChoiceField(
        label=_("A positive balance is"), choices=surplus_choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=500, help_text=_("It stands in the ledger and the audit log.")
    )
