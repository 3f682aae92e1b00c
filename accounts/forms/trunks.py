"""Forms of trunks and hosts."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.choices import ResourceStatus
from accounts.forms.fields import near, since_field
from accounts.models import Trunk
from customers.choices import Kind
from customers.models import Customer
from customers.permissions import allowed
from softswitch.core.forms import ScopedForm, ScopedModelForm, Section


def limit_field(label: Any) -> forms.IntegerField:
    """How many at once, or a second; empty is unlimited."""
    return forms.IntegerField(label=label, required=False, min_value=0, max_value=1_000_000)


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
        kinds = [kind for kind in Kind.values if "trunks.add" in allowed(kind)]
        mine = near(customers, self.actor).filter(kind__in=kinds)
        return mine.exclude(is_root=True).order_by("name")

    def clean_hosts(self) -> list[str]:
        return str(self.cleaned_data["hosts"]).split()


class HostForm(ScopedForm):
    """A new host of a trunk. Empty limits are unlimited, 0 allows none."""

    sections: ClassVar[Sequence[Section]] = (
        Section(_("Address"), ("network", "tech_prefix", "port", "status")),
        Section(
            _("Limits"),
            ("call_limit", "cps_limit"),
            _("Empty: unlimited. 0 allows none. Trunk and customer are checked as well."),
        ),
    )
    widths = {
        "network": 3,
        "tech_prefix": 3,
        "port": 3,
        "status": 3,
        "call_limit": 3,
        "cps_limit": 3,
    }
    network = forms.CharField(label=_("IP or network"), max_length=43)
    tech_prefix = forms.RegexField(
        r"^[0-9*#]*$", label=_("Tech prefix"), required=False, max_length=16
    )
    port = forms.IntegerField(label=_("Port"), required=False, min_value=1, max_value=65535)
    call_limit = limit_field(_("Call limit"))
    cps_limit = limit_field(_("CPS limit"))


class EditHostForm(HostForm):
    """A host that leads to its trunk already."""

    status = forms.ChoiceField(label=_("Status"), choices=ResourceStatus.choices)
