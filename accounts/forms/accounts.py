"""Forms of accounts: create, edit, SIP password, charging, logins, archive."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.choices import AccountKind, Charging
from accounts.forms.fields import (
    chosen_tariff,
    moment_field,
    near,
    since_field,
    tariff_options,
    zone_choices,
)
from accounts.models import Account
from accounts.selectors.charging import has_accounts, may_manage_charging
from billing.selectors.balances import mode_choices, period_choices
from billing.selectors.final_invoices import final_invoice_choices
from billing.selectors.overview import surplus_choices
from customers.choices import Kind
from customers.models import Customer
from softswitch.core.forms import ScopedForm, ScopedModelForm, Section

LIMITS = Section(
    _("Limits"),
    ("max_sessions", "cps_limit", "max_call_seconds"),
    _("Empty: unlimited. 0 allows none. The customer's own limits count as well."),
)
MONEY = Section(
    _("Charging"),
    ("charging", "tariff", "mode", "credit_limit", "opening_balance", "period_type", "zone"),
    _("By itself: at a tariff and on a balance of its own, in addition to the customer's charge."),
)
MONEY_WIDTHS = {
    "charging": 3,
    "tariff": 3,
    "mode": 2,
    "credit_limit": 2,
    "opening_balance": 2,
    "period_type": 3,
    "zone": 3,
}


class AccountForm(ScopedModelForm):
    """Name, status, expiry and limits of an account."""

    sections: ClassVar[Sequence[Section]] = (
        Section(_("Account"), ("auth_name", "name", "status", "expires_at")),
        LIMITS,
    )
    widths = {
        "auth_name": 3,
        "name": 3,
        "status": 3,
        "expires_at": 3,
        "max_sessions": 2,
        "cps_limit": 2,
        "max_call_seconds": 2,
    }
    expires_at = moment_field(_("Expires"), _("Empty: never."))

    class Meta:
        model = Account
        fields = (
            "auth_name",
            "name",
            "status",
            "expires_at",
            "max_sessions",
            "cps_limit",
            "max_call_seconds",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["auth_name"].disabled = True


class ChargingFields(forms.Form):
    """How an account is charged; with the customer, the rest of the fields does not count."""

    charging = forms.ChoiceField(
        label=pgettext_lazy("account", "Charged"), choices=Charging.choices, required=False
    )
    tariff = forms.ChoiceField(label=_("Tariff of the account"), required=False)
    mode = forms.ChoiceField(label=_("Terms"), choices=mode_choices, required=False)
    credit_limit = forms.DecimalField(
        label=_("Credit limit"), required=False, min_value=0, max_digits=14, decimal_places=6
    )
    period_type = forms.ChoiceField(
        label=_("Billing period"), choices=period_choices, required=False, initial="monthly"
    )
    zone = forms.ChoiceField(label=_("Billing time zone"), choices=zone_choices, required=False)

    def clean_by_itself(self, cleaned: dict[str, Any], customer: Customer | None) -> None:
        """Put the tariff itself in the place of what was chosen; with the customer, none."""
        if cleaned.get("charging") != Charging.BY_ITSELF or customer is None:
            cleaned["tariff"] = None
            return
        cleaned["tariff"] = chosen_tariff(customer, str(cleaned.get("tariff", "")))
        if cleaned["tariff"] is None:
            self.add_error("tariff", _("Choose a tariff of the customer."))


class ChargingForm(ChargingFields, ScopedForm):
    """Another way of charging, or another tariff, for calls that start from now on."""

    sections = (
        Section(MONEY.title, tuple(name for name in MONEY.fields if name != "opening_balance")),
    )
    widths = MONEY_WIDTHS

    def offer(self, customer: Customer, *, is_card: bool) -> None:
        """Offer the tariffs of ``customer``; a card is always charged by itself."""
        self.customer = customer
        self.fields["tariff"].choices = tariff_options(customer)  # type: ignore[attr-defined]
        if is_card:
            self.fields["charging"].choices = [  # type: ignore[attr-defined]
                (Charging.BY_ITSELF.value, Charging.BY_ITSELF.label)
            ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.clean_by_itself(cleaned, self.customer)
        return cleaned


class NewAccountForm(ChargingFields, AccountForm):
    """A new account: whose it is, how it is charged, and its web login.

    Money and logins are offered only to roles that include them, money only for accounts of the
    actor's own customer: what is between others is their affair.
    """

    sections = (
        Section(_("Account"), ("customer", "auth_name", "name", "sip_password", "status", "since")),
        MONEY,
        LIMITS,
        Section(
            _("Web login"),
            ("login", "email", "password"),
            _("It sees this account alone. Without a password a link to set one is mailed."),
        ),
    )
    widths = (
        AccountForm.widths
        | MONEY_WIDTHS
        | {"sip_password": 3, "since": 3, "login": 2, "email": 2, "password": 2}
    )
    customer = forms.ModelChoiceField(Customer.objects.all(), label=_("Customer"))
    since = since_field()
    sip_password = forms.CharField(
        label=_("SIP password"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Kept as a digest and never shown. Empty: one is generated on the next page."),
    )
    opening_balance = forms.DecimalField(
        label=_("Available funds"), required=False, max_digits=14, decimal_places=6
    )
    login = forms.CharField(label=_("Login"), required=False, max_length=150)
    email = forms.EmailField(label=_("E-mail"), required=False)
    password = forms.CharField(
        label=_("Password"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["expires_at"]
        self.fields["tariff"].choices = tariff_options(  # type: ignore[attr-defined]
            self.actor.customer
        )
        if not self.actor.can("money.manage"):
            self._drop(MONEY.fields)
        if not self.actor.can("users.manage"):
            self._drop(("login", "email", "password"))
        if self.actor.is_switched:
            self._type_no_password()

    def _drop(self, names: Sequence[str]) -> None:
        for name in names:
            self.fields.pop(name, None)

    def _type_no_password(self) -> None:
        """Whoever acts as a customer sets none of its passwords: a login is mailed a link."""
        self._drop(("password", "sip_password"))
        if "email" in self.fields:
            self.fields["email"].help_text = _(
                "While switched nobody types a password: a link to set one is mailed here."
            )

    def narrow_customer(self, customers: QuerySet[Customer]) -> QuerySet[Customer]:
        kinds = [kind for kind in Kind.values if has_accounts(kind, AccountKind.SIP)]
        return near(customers, self.actor).filter(kind__in=kinds).order_by("name")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "charging" in self.fields:
            self.clean_by_itself(cleaned, cleaned.get("customer"))
        customer = cleaned.get("customer")
        if customer and cleaned.get("tariff") and not may_manage_charging(self.actor, customer):
            self.add_error("charging", _("The customer decides this. Switch to it first."))
        self._clean_login(cleaned)
        return cleaned

    def _clean_login(self, cleaned: dict[str, Any]) -> None:
        """A login has a password, or an address for the link; neither stands without a login."""
        has_way = cleaned.get("password") or cleaned.get("email") or "email" in self.errors
        if cleaned.get("login") and not has_way:
            by_link = _("Enter the address that the link is mailed to.")
            either = _("Enter an e-mail address or a password.")
            self.add_error("email", either if "password" in self.fields else by_link)
        if cleaned.get("password") and not cleaned.get("login"):
            self.add_error("login", _("Enter a login for this password."))


class SipPasswordForm(ScopedForm):
    """A SIP password, or none: then one is generated."""

    widths = {"sip_password": 3}
    sip_password = forms.CharField(
        label=_("SIP password"),
        required=False,
        min_length=8,
        max_length=80,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Empty: a strong one is generated and shown once."),
    )


class AccountLoginForm(ScopedForm):
    """One more web login of an account."""

    widths = {"login": 3, "name": 3, "email": 3, "password": 3}
    login = forms.CharField(label=_("Login"), max_length=150)
    name = forms.CharField(label=_("Name"), max_length=150, required=False)
    email = forms.EmailField(
        label=_("E-mail"), required=False, help_text=_("Gets the link to set a password.")
    )
    password = forms.CharField(
        label=_("Password"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Empty: a link to set one is mailed."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("email") and not cleaned.get("password"):
            self.add_error("email", _("Enter an e-mail address or a password."))
        return cleaned


class ArchiveAccountForm(ScopedForm):
    """What becomes of the last invoice and the balance of an account that is archived, and why."""

    widths = {"surplus": 3}
    final_invoice = forms.TypedChoiceField(
        label=_("The final invoice is"),
        choices=final_invoice_choices,
        widget=forms.RadioSelect,
        required=False,
        initial="issue",
        empty_value="issue",
    )
    surplus = forms.ChoiceField(
        label=_("The positive balance is"), choices=surplus_choices, required=False
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)
