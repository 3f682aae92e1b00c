"""Forms of accounts."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import near, since_field
from accounts.models import Account
from customers.models import Customer
from softswitch.core.forms import ScopedModelForm, Section
from tariffs.models import Tariff

# What parts of a new account need beside the right to add it.
NEEDED = {"money.manage": ("tariff", "opening_balance"), "users.manage": ("login", "password")}


class AccountForm(ScopedModelForm):
    """Name, status and limits of an account."""

    sections: ClassVar[Sequence[Section]] = (
        Section(_("Account"), ("auth_name", "name", "status")),
        Section(_("Limits"), ("max_sessions", "cps_limit", "max_call_seconds")),
    )
    widths = {
        "auth_name": 3,
        "name": 3,
        "status": 3,
        "max_sessions": 2,
        "cps_limit": 2,
        "max_call_seconds": 2,
    }

    class Meta:
        model = Account
        fields = ("auth_name", "name", "status", "max_sessions", "cps_limit", "max_call_seconds")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["auth_name"].disabled = True


class NewAccountForm(AccountForm):
    """A new account: whose it is, how it is charged, and its web login."""

    sections = (
        Section(_("Account"), ("customer", "auth_name", "name", "sip_password", "status", "since")),
        Section(
            _("Charging"),
            ("tariff", "opening_balance"),
            _("With a tariff of your own the account is charged by itself, beside the customer."),
        ),
        Section(_("Limits"), ("max_sessions", "cps_limit", "max_call_seconds")),
        Section(
            _("Web login"), ("login", "password"), _("Empty: the account has no portal of its own.")
        ),
    )
    widths = AccountForm.widths | {
        "sip_password": 3,
        "customer": 6,
        "tariff": 3,
        "opening_balance": 3,
        "login": 3,
        "password": 3,
    }
    customer = forms.ModelChoiceField(Customer.objects.all(), label=_("Customer"))
    since = since_field()
    sip_password = forms.CharField(
        label=_("SIP password"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Kept as a digest and never shown again."),
    )
    tariff = forms.ModelChoiceField(
        Tariff.objects.all(),
        label=_("Tariff of the account"),
        required=False,
        empty_label=_("None: charged with the customer"),
    )
    opening_balance = forms.DecimalField(
        label=_("Available funds"), required=False, max_digits=14, decimal_places=6
    )
    login = forms.CharField(label=_("Login"), required=False, max_length=150)
    password = forms.CharField(
        label=_("Password"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer money and logins only to roles that include them."""
        super().__init__(*args, **kwargs)
        for right, names in NEEDED.items():
            if not self.actor.can(right):
                for name in names:
                    del self.fields[name]

    def narrow_customer(self, customers: QuerySet[Customer]) -> QuerySet[Customer]:
        return near(customers, self.actor).order_by("name")

    def narrow_tariff(self, tariffs: Any) -> Any:
        return tariffs.owned_by(self.actor).order_by("name")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if bool(cleaned.get("login")) != bool(cleaned.get("password")):
            self.add_error("password", _("Enter both a login and a password, or neither."))
        return cleaned
