"""Query forms of ledger entries, payment terms and invoice settings."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from billing.choices import DunningState, EntryKind
from billing.models import Balance, InvoiceSettings, LedgerEntry, PaymentTerm
from softswitch.core.filters import (
    ChoiceFilter,
    FilterSet,
    SinceFilter,
    TextFilter,
    UntilFilter,
)


class EntryFilter(FilterSet):
    """By time, customer, kind and notes."""

    since = SinceFilter(field_name="posted_at", label=_("From"))
    until = UntilFilter(field_name="posted_at", label=_("To"))
    customer = TextFilter(field_name="customer_name", label=_("Customer"))
    kind = ChoiceFilter(
        choices=[choice for choice in EntryKind.choices if choice[0] != EntryKind.USAGE],
        label=_("Kind"),
    )
    notes = TextFilter(label=_("Notes"))

    class Meta:
        model = LedgerEntry
        fields = ()


class PaymentTermFilter(FilterSet):
    """Payment terms by name."""

    name = TextFilter(label=_("Name"))

    class Meta:
        model = PaymentTerm
        fields = ()


class InvoiceSettingsFilter(FilterSet):
    """Invoice settings by name."""

    name = TextFilter(label=_("Name"))

    class Meta:
        model = InvoiceSettings
        fields = ()


SHOWN = (("all", _("All below")),)


class DunningFilter(FilterSet):
    """By customer and state; what the actor's customer issues itself, unless all is asked for."""

    customer = TextFilter(field_name="customer__name", label=_("Customer"))
    state = ChoiceFilter(choices=DunningState.choices, label=_("State"))
    show = ChoiceFilter(
        choices=SHOWN, label=_("Show"), empty_label=_("Direct customers"), method="any"
    )

    class Meta:
        model = Balance
        fields = ()

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.form.cleaned_data["show"] != "all":
            queryset = queryset.filter(issuer=self.actor.customer_id)
        found: QuerySet[Any] = super().filter_queryset(queryset)
        return found

    def any(self, queryset: QuerySet[Any], _name: str, _value: str) -> QuerySet[Any]:
        """All rows: what ``show`` means stands in filter_queryset, as it counts when empty too."""
        return queryset
