"""Query forms of tariffs, rates, rate sheets and exchange rates."""

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from softswitch.core.filters import (
    ChoiceFilter,
    FilterSet,
    ModelChoiceFilter,
    SinceFilter,
    TextFilter,
)
from tariffs.choices import Change, ImportState
from tariffs.models import Currency, Rate, RateImport, RateImportError, RateImportRow, Tariff
from tariffs.querysets import in_force


class TariffFilter(FilterSet):
    name = TextFilter(label=_("Name"))
    owner = TextFilter(field_name="owner__name", label=_("Owner"))
    currency = ModelChoiceFilter(queryset=Currency.objects.all(), label=_("Currency"))

    class Meta:
        model = Tariff
        fields: tuple[str, ...] = ()


class RateFilter(FilterSet):
    """The rates valid at a moment, now if none is given, unless another state is asked for."""

    STATES = (("future", _("Future")), ("closed", _("Closed")), ("all", _("All")))
    number = TextFilter(label=_("Number, or 44* for prefixes"), method="by_number")
    destination = TextFilter(label=_("Destination"))
    on = SinceFilter(label=_("Valid at"), method="keep")
    state = ChoiceFilter(choices=STATES, empty_label=_("Current"), label=_("State"), method="keep")

    class Meta:
        model = Rate
        fields: tuple[str, ...] = ()

    def keep(self, rows: QuerySet[Rate], name: str, value: object) -> QuerySet[Rate]:
        return rows

    def by_number(self, rows: QuerySet[Rate], name: str, value: str) -> QuerySet[Rate]:
        """``44*``: the prefixes that start so; else those that the number starts with."""
        digits = "".join(sign for sign in value if sign.isdigit() and sign.isascii())
        if value.strip().endswith("*"):
            return rows.filter(prefix__startswith=digits)
        return rows.filter(prefix__in=[digits[:size] for size in range(len(digits) + 1)])

    def filter_queryset(self, queryset: QuerySet[Rate]) -> QuerySet[Rate]:
        asked = self.form.cleaned_data
        at = asked.get("on") or now()
        rows: QuerySet[Rate] = super().filter_queryset(queryset)
        return rows.filter(_in_state(asked.get("state") or "", at))


def _in_state(state: str, at: datetime) -> Q:
    states = {"future": Q(valid_from__gt=at), "closed": Q(valid_till__lte=at), "all": Q()}
    return states.get(state, in_force(at))


class RateImportFilter(FilterSet):
    state = ChoiceFilter(choices=ImportState.choices, label=_("State"))
    file_name = TextFilter(label=_("File"))

    class Meta:
        model = RateImport
        fields: tuple[str, ...] = ()


class ImportRowFilter(FilterSet):
    """Lines by what they do; unchanged ones only where asked for."""

    change = ChoiceFilter(choices=Change.choices, empty_label=_("All changes"), label=_("Change"))
    prefix = TextFilter(label=_("Prefix starts with"), lookup_expr="startswith")
    destination = TextFilter(label=_("Destination"))

    class Meta:
        model = RateImportRow
        fields: tuple[str, ...] = ()

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().filter_queryset(queryset)
        return rows if self.form.cleaned_data.get("change") else rows.exclude(change="unchanged")


class ImportErrorFilter(FilterSet):
    """Rejected lines by what is said of them."""

    field = TextFilter(label=_("Field"))
    reason = TextFilter(label=_("Reason"))
    raw = TextFilter(label=_("In the file"))

    class Meta:
        model = RateImportError
        fields: tuple[str, ...] = ()


class ExchangeRateFilter(FilterSet):
    currency = ModelChoiceFilter(queryset=Currency.objects.all(), label=_("Currency"))
