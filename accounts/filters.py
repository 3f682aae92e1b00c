"""Query forms of accounts, trunks, hosts and vouchers."""

from typing import Any

from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from accounts.choices import Charging, ResourceStatus, VoucherStatus
from accounts.models import Account, Host, Trunk, Voucher, VoucherBatch
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


class VoucherBatchFilter(FilterSet):
    """By name and customer."""

    name = TextFilter(label=_("Batch"))
    customer = TextFilter(field_name="customer__name", label=_("Customer"))

    class Meta:
        model = VoucherBatch
        fields = ()


class VoucherFilter(FilterSet):
    """By the beginning of the serial, batch and status."""

    serial = TextFilter(lookup_expr="startswith", label=_("Serial"))
    batch = TextFilter(field_name="batch__name", label=_("Batch"))
    state = ChoiceFilter(choices=VoucherStatus.choices, label=_("Status"), method="in_state")

    class Meta:
        model = Voucher
        fields = ()

    def in_state(self, rows: Any, _name: str, value: str) -> Any:
        """Those in the chosen state now."""
        return rows.in_state(value, now())
