"""Query forms of accounts, cards, trunks, hosts and vouchers."""

from typing import Any

from django.db.models import QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.choices import (
    AccountKind,
    AccountState,
    CardState,
    Charging,
    ResourceStatus,
    VoucherStatus,
)
from accounts.models import Account, CardBatch, Host, Trunk, Voucher, VoucherBatch
from customers.choices import Status
from softswitch.core.filters import (
    AddressFilter,
    ChoiceFilter,
    FilterSet,
    PartFilter,
    TextFilter,
)

CUSTOMER_STATES = (("active", _("All active")), ("stopped", _("All inactive")))


class AccountsOfFilter(FilterSet):
    """The accounts of one customer by auth name, name, kind, charging and status."""

    auth_name = PartFilter(label=_("Auth name"))
    name = PartFilter(label=_("Name"))
    kind = ChoiceFilter(choices=AccountKind.choices, label=_("Kind"))
    charging = ChoiceFilter(choices=Charging.choices, label=pgettext_lazy("account", "Charged"))
    state = ChoiceFilter(choices=AccountState.choices, label=_("Status"))

    class Meta:
        model = Account
        fields = ()


class AccountFilter(AccountsOfFilter):
    """The same of all customers, and by customer."""

    customer = PartFilter(
        field_name="customer__name", index="customer__search__name", label=_("Customer")
    )


class CardBatchFilter(FilterSet):
    """By name and customer."""

    name = TextFilter(label=_("Batch"))
    customer = TextFilter(field_name="customer__name", label=_("Customer"))

    class Meta:
        model = CardBatch
        fields = ()


class CardFilter(FilterSet):
    """By the beginning of the number, and by how far its life has come."""

    auth_name = TextFilter(lookup_expr="startswith", label=_("Number"))
    card_state = ChoiceFilter(choices=CardState.choices, label=_("Status"))

    class Meta:
        model = Account
        fields = ()


class TrunksOfFilter(FilterSet):
    """The trunks of one customer by name and status."""

    name = PartFilter(label=_("Trunk"))
    status = ChoiceFilter(choices=ResourceStatus.choices, label=_("Status"))

    class Meta:
        model = Trunk
        fields = ()


class TrunkFilter(TrunksOfFilter):
    """The same of all customers, and by customer."""

    customer = PartFilter(
        field_name="customer__name", index="customer__search__name", label=_("Customer")
    )


class HostFilter(FilterSet):
    """By address, trunk, customer, and the customer's status."""

    network = AddressFilter(label=_("IP"))
    trunk = PartFilter(field_name="trunk__name", label=_("Trunk"))
    customer = PartFilter(
        field_name="trunk__customer__name",
        index="trunk__customer__search__name",
        label=_("Customer"),
    )
    status = ChoiceFilter(choices=CUSTOMER_STATES, label=_("Customer status"), method="by_status")

    class Meta:
        model = Host
        fields = ()

    def by_status(self, rows: QuerySet[Host], _name: str, value: str) -> QuerySet[Host]:
        """Hosts of customers whose calls may start, or which are inactive or closed themselves."""
        if value == "active":
            return rows.filter(trunk__customer__status=Status.ACTIVE)
        return rows.exclude(trunk__customer__status=Status.ACTIVE)


class VoucherBatchFilter(FilterSet):
    """By name and customer."""

    name = TextFilter(label=_("Batch"))
    customer = TextFilter(field_name="customer__name", label=_("Customer"))

    class Meta:
        model = VoucherBatch
        fields = ()


class BatchVoucherFilter(FilterSet):
    """The vouchers of one batch by the beginning of the serial and status."""

    serial = TextFilter(lookup_expr="startswith", label=_("Serial"))
    state = ChoiceFilter(choices=VoucherStatus.choices, label=_("Status"), method="in_state")

    class Meta:
        model = Voucher
        fields = ()

    def in_state(self, rows: Any, _name: str, value: str) -> Any:
        """Those in the chosen state now."""
        return rows.in_state(value, now())


class VoucherFilter(BatchVoucherFilter):
    """By batch too."""

    batch = TextFilter(field_name="batch__name", label=_("Batch"))

    class Meta(BatchVoucherFilter.Meta):
        pass
