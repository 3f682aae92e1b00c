"""Query forms of accounts, trunks and hosts."""

from django.utils.translation import gettext_lazy as _

from accounts.choices import Charging, ResourceStatus
from accounts.models import Account, Host, Trunk
from softswitch.core.filters import ChoiceFilter, FilterSet, TextFilter


class AccountFilter(FilterSet):
    """By auth name, customer, charging and status."""

    auth_name = TextFilter(label=_("Auth name"))
    customer = TextFilter(field_name="customer__name", label=_("Customer"))
    charging = ChoiceFilter(choices=Charging.choices, label=_("Charged"))
    status = ChoiceFilter(choices=ResourceStatus.choices, label=_("Status"))

    class Meta:
        model = Account
        fields = ()


class TrunkFilter(FilterSet):
    """By name, customer and status."""

    name = TextFilter(label=_("Trunk"))
    customer = TextFilter(field_name="customer__name", label=_("Customer"))
    status = ChoiceFilter(choices=ResourceStatus.choices, label=_("Status"))

    class Meta:
        model = Trunk
        fields = ()


class HostFilter(FilterSet):
    """By address, trunk, customer and status."""

    network = TextFilter(field_name="network_text", label=_("IP"))
    trunk = TextFilter(field_name="trunk__name", label=_("Trunk"))
    customer = TextFilter(field_name="trunk__customer__name", label=_("Customer"))
    status = ChoiceFilter(choices=ResourceStatus.choices, label=_("Status"))

    class Meta:
        model = Host
        fields = ()
