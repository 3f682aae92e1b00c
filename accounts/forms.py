"""Forms of accounts, trunks and hosts."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Trunk
from customers.models import Customer
from customers.tenancy import Actor
from softswitch.core.forms import ScopedForm, ScopedModelForm, Section
from tariffs.models import Tariff

# What parts of a new account need beside the right to add it.
NEEDED = {"money.manage": ("tariff", "opening_balance"), "users.manage": ("login", "password")}
SINCE_HELP = _("Empty: from now on. An earlier start lets calls that come in late find it.")


def since_field() -> forms.DateTimeField:
    """When calls can be its own at the earliest."""
    return forms.DateTimeField(
        label=_("In service since"),
        required=False,
        help_text=SINCE_HELP,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )


def near(customers: QuerySet[Customer], actor: Actor) -> QuerySet[Customer]:
    """Whose accounts and trunks the actor may edit: its own and its direct customers'."""
    return customers.filter(archived_at=None).filter(
        Q(pk=actor.customer_id) | Q(owner_id=actor.customer_id)
    )


class AccountForm(ScopedModelForm):
    """A SIP account. The password is kept as a digest and never shown."""

    sections: ClassVar[Sequence[Section]] = (
        Section(_("Account"), ("auth_name", "name", "sip_password", "status")),
        Section(_("Limits"), ("max_sessions", "cps_limit", "max_call_seconds")),
    )
    widths = {
        "auth_name": 3,
        "name": 3,
        "sip_password": 3,
        "status": 3,
        "max_sessions": 2,
        "cps_limit": 2,
        "max_call_seconds": 2,
    }
    sip_password = forms.CharField(
        label=_("SIP password"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Never shown again. Empty: unchanged."),
    )

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
        "customer": 6,
        "tariff": 3,
        "opening_balance": 3,
        "login": 3,
        "password": 3,
    }
    customer = forms.ModelChoiceField(Customer.objects.all(), label=_("Customer"))
    since = since_field()
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


class TrunkForm(ScopedModelForm):
    """Name, status and limits of a trunk. Empty limits are unlimited, 0 allows none."""

    sections: ClassVar[Sequence[Section]] = (
        Section(_("Trunk"), ("name", "status", "call_limit", "cps_limit")),
    )
    widths = {"name": 3, "status": 3, "call_limit": 3, "cps_limit": 3}

    class Meta:
        model = Trunk
        fields = ("name", "status", "call_limit", "cps_limit")


class NewTrunkForm(TrunkForm):
    """A new trunk with its first hosts, one a line."""

    sections = (
        Section(_("Trunk"), ("customer", "name", "status", "call_limit", "cps_limit", "since")),
        Section(_("Hosts"), ("hosts", "tech_prefix")),
    )
    customer = forms.ModelChoiceField(Customer.objects.all(), label=_("Customer"))
    since = since_field()
    hosts = forms.CharField(
        label=_("IP addresses or networks"),
        required=False,
        widget=forms.Textarea({"rows": 4}),
        help_text=_("One a line, such as 192.0.2.10 or 198.51.100.0/28."),
    )
    tech_prefix = forms.CharField(label=_("Tech prefix"), required=False, max_length=16)

    def narrow_customer(self, customers: QuerySet[Customer]) -> QuerySet[Customer]:
        return near(customers, self.actor).exclude(is_root=True).order_by("name")

    def clean_hosts(self) -> list[str]:
        return str(self.cleaned_data["hosts"]).split()


class HostForm(ScopedForm):
    """A host that leads to a trunk from now on."""

    widths = {"network": 3, "tech_prefix": 3, "port": 2, "call_limit": 2, "cps_limit": 2}
    network = forms.CharField(label=_("IP or network"), max_length=43)
    tech_prefix = forms.RegexField(
        r"^[0-9*#]*$", label=_("Tech prefix"), required=False, max_length=16
    )
    port = forms.IntegerField(label=_("Port"), required=False, min_value=1, max_value=65535)
    call_limit = forms.IntegerField(label=_("Call limit"), required=False, min_value=0)
    cps_limit = forms.IntegerField(label=_("CPS limit"), required=False, min_value=0)
