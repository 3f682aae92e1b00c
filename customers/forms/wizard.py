"""The forms of the wizard's steps, and the same sections as tabs of the edit page."""

from typing import Any, cast

from django import forms
from django.conf import settings
from django.forms.models import fields_for_model
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.selectors.balances import period_choices
from customers.choices import ProfitUnit, Status
from customers.forms.customers import CountryField, DefinedFields, OpeningFields, TermsFields
from customers.forms.logins import LINK_HELP, password_field
from customers.forms.parameters import NotificationForm
from customers.models import BusinessModel, Customer
from customers.permissions import RIGHTS
from customers.selectors.definitions import (
    default_rights,
    grantable_rights,
    is_login_taken,
)
from customers.selectors.drafts import is_name_taken
from softswitch.core.forms import ScopedForm, Section
from softswitch.core.zones import ZoneField

_COLUMN = fields_for_model(Customer)
_VERBS = {
    "add": gettext_lazy("add"),
    "edit": gettext_lazy("edit"),
    "delete": gettext_lazy("delete"),
}


class BasicFields(TermsFields, DefinedFields):
    """What the first step and the first tab share."""

    widths = {
        "name": 4,
        "kind": 2,
        "business_model": 3,
        "customer_class": 3,
        "status": 2,
        "main_email": 3,
        "noc_email": 3,
        "tariff": 4,
        "currency": 2,
        "mode": 2,
        "credit_limit": 2,
        "opening_balance": 2,
        "balance": 2,
        "period_type": 2,
        "period_timezone": 4,
        "call_limit": 2,
        "cps_limit": 2,
        "max_depth": 2,
        "timezone": 4,
        "language": 2,
        "opened_at": 3,
        "min_profitability": 3,
        "min_profitability_unit": 3,
    }
    sections = (
        Section(
            gettext_lazy("Basic info"),
            ("name", "kind", "business_model", "customer_class", "status"),
            help=gettext_lazy("The name is unique in the whole system."),
        ),
        Section(gettext_lazy("E-mail"), ("main_email", "noc_email")),
        Section(
            gettext_lazy("Billing"),
            (
                "tariff",
                "currency",
                "mode",
                "credit_limit",
                "opening_balance",
                "balance",
                "period_type",
                "period_timezone",
            ),
        ),
        Section(
            gettext_lazy("Limits"),
            ("call_limit", "cps_limit", "max_depth"),
            help=gettext_lazy("Empty: unlimited. 0: none allowed."),
        ),
        Section(gettext_lazy("Place and time"), ("timezone", "language", "opened_at")),
        Section(
            gettext_lazy("Kept by you"),
            ("min_profitability", "min_profitability_unit", "internal_notes"),
            help=gettext_lazy("The customer does not see these."),
        ),
    )

    name = _COLUMN["name"]
    status = forms.ChoiceField(label=gettext_lazy("Status"), choices=Status.choices)
    main_email = _COLUMN["main_email"]
    noc_email = _COLUMN["noc_email"]
    period_type = forms.ChoiceField(label=gettext_lazy("Billing period"), choices=period_choices)
    period_timezone = ZoneField(
        label=gettext_lazy("Billing time zone"),
        required=False,
        empty_label=gettext_lazy("As the time zone"),
    )
    call_limit = _COLUMN["call_limit"]
    cps_limit = _COLUMN["cps_limit"]
    max_depth = _COLUMN["max_depth"]
    timezone = ZoneField(label=gettext_lazy("Time zone"))
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=settings.LANGUAGES)
    min_profitability = _COLUMN["min_profitability"]
    min_profitability_unit = forms.ChoiceField(
        label=gettext_lazy("It counts"), choices=ProfitUnit.choices
    )
    internal_notes = forms.CharField(
        label=gettext_lazy("Internal notes"),
        required=False,
        widget=forms.Textarea({"rows": 3}),
        max_length=10_000,
    )


class BasicForm(BasicFields, OpeningFields):
    """The step Basic Info of a new customer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.require_business_model()
        period = cast("forms.ChoiceField", self.fields["period_type"])
        period.required = False
        period.choices = [("", _("As the payment term, else monthly")), *period_choices()]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if is_name_taken(name):
            raise forms.ValidationError(_("This name is taken."), code="taken")
        return name


class EditBasicForm(BasicFields):
    """The tab Basic info of a direct customer; the balance is shown, never changed here."""

    balance = forms.CharField(
        label=gettext_lazy("Balance"),
        required=False,
        disabled=True,
        help_text=gettext_lazy("Only Maintenance changes it."),
    )
    opened_at = forms.CharField(
        label=gettext_lazy("In service since"), required=False, disabled=True
    )

    def fix_currency(self) -> None:
        """Show the currency without offering another: money has moved."""
        field = self.fields["currency"]
        field.disabled, field.help_text = True, _("Fixed, because money has moved.")

    def say_pending(self, name: str, now: str, later: str) -> None:
        """Say of a part of the billing calendar that it changes at the next close."""
        texts = {"now": now, "later": later}
        self.fields[name].help_text = _("%(now)s now, %(later)s from the next close.") % texts


class CompanyStepForm(ScopedForm):
    """The step and tab Company Info."""

    sections = (
        Section(
            gettext_lazy("Company"),
            ("company_name", "tax_id"),
            help=gettext_lazy("Printed on invoices as the recipient."),
        ),
        Section(gettext_lazy("Address"), ("address", "country")),
        Section(
            gettext_lazy("Contacts"),
            ("billing_email", "rates_email", "contact"),
            help=gettext_lazy("Empty: the main e-mail is used."),
        ),
    )
    widths = {"billing_email": 3, "rates_email": 3, "tax_id": 3, "country": 3}
    company_name = forms.CharField(
        label=gettext_lazy("Company name"), required=False, max_length=200
    )
    billing_email = _COLUMN["billing_email"]
    rates_email = _COLUMN["rates_email"]
    tax_id = _COLUMN["tax_id"]
    address = forms.CharField(
        label=gettext_lazy("Address"),
        required=False,
        widget=forms.Textarea({"rows": 4}),
        max_length=1000,
    )
    country = CountryField()
    contact = _COLUMN["contact"]


class PortalForm(ScopedForm):
    """The step Self Service Portal: the first login, and what the customer may do.

    ``kind`` and ``business_model`` of the first step decide which rights there are; rights that
    they exclude by now are no longer asked for. ``main_email`` takes the letters without another.
    """

    PASSWORD, LINK = "password", "link"
    sections = (
        Section(
            gettext_lazy("Web login"),
            ("login", "access", "email", "sends_welcome"),
            help=gettext_lazy("Its first administrator. Without one, nobody can log in yet."),
        ),
        Section(
            gettext_lazy("Permissions"),
            ("rights",),
            help=gettext_lazy("What the customer may see and do. It cannot hold more than you do."),
        ),
    )
    widths = {"login": 3, "email": 3}
    login = forms.CharField(
        label=gettext_lazy("Username"),
        required=False,
        max_length=150,
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    access = forms.ChoiceField(
        label=gettext_lazy("Password"),
        widget=forms.RadioSelect,
        initial=PASSWORD,
        choices=[
            (PASSWORD, gettext_lazy("I enter it on the last step")),
            (LINK, gettext_lazy("The user sets it, by a link that is mailed")),
        ],
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail of the login"),
        required=False,
        help_text=gettext_lazy("Empty: the main e-mail."),
    )
    sends_welcome = forms.BooleanField(
        label=gettext_lazy("Mail the welcome letter, with the same link"), required=False
    )
    rights = forms.MultipleChoiceField(
        label=gettext_lazy("Permissions"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(
        self,
        *args: Any,
        kind: str,
        business_model: BusinessModel | None,
        main_email: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.main_email = main_email
        held = grantable_rights(self.actor, kind=kind, business_model=business_model)
        usual = default_rights(self.actor, kind=kind, business_model=business_model)
        rights: Any = self.fields["rights"]
        rights.choices = [(item.code, right_label(item)) for item in RIGHTS if item.code in held]
        rights.initial = sorted(usual)
        if self.actor.is_switched:
            del self.fields["access"], self.fields["sends_welcome"]
            self.fields["email"].help_text = format_lazy(
                "{} {}", LINK_HELP, self.fields["email"].help_text
            )
        data: Any = self.data
        if self.is_bound and "rights" in data:
            self.data = data = data.copy()
            data.setlist("rights", [code for code in data.getlist("rights") if code in held])

    def clean_login(self) -> str:
        login: str = self.cleaned_data["login"].strip().lower()
        if login and is_login_taken(login):
            raise forms.ValidationError(_("This login is taken."), code="taken")
        return login

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        login, is_welcomed = cleaned.get("login"), cleaned.get("sends_welcome")
        address = cleaned.get("email") or self.main_email
        if is_welcomed and login == "":
            self.add_error("login", _("The welcome letter needs a login."))
        is_mailed = is_welcomed or cleaned.get("access") == self.LINK or self.actor.is_switched
        if login and is_mailed and not address and "email" not in self.errors:
            self.add_error("email", _("Enter the address that the link is mailed to."))
        return cleaned

    @property
    def asks_password(self) -> bool:
        """Whether, once cleaned, the last step has to ask for a password; never while switched."""
        cleaned = getattr(self, "cleaned_data", {})
        return bool(cleaned.get("login")) and cleaned.get("access") == self.PASSWORD


class LastForm(NotificationForm):
    """The step Notification Setting, where the password of the new login is asked for."""

    sections = (
        *NotificationForm.sections,
        Section(
            gettext_lazy("Password of the web login"),
            ("password",),
            help=gettext_lazy("It is not kept before Submit."),
        ),
    )
    widths = {**NotificationForm.widths, "password": 3}
    password = password_field(gettext_lazy("Password"))

    def __init__(self, *args: Any, asks_password: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not asks_password:
            del self.fields["password"]


def right_label(right: Any) -> str:
    """A right in words: "Accounts: add", "See CDRs"."""
    verb = right.code.rpartition(".")[2]
    return f"{right.label}: {_VERBS[verb]}" if verb in _VERBS else str(right.label)
