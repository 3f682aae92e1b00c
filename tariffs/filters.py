"""Query forms of tariffs, rates, rate sheets and exchange rates."""

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from softswitch.core.display import country_names
from softswitch.core.filters import (
    ChoiceFilter,
    FilterSet,
    ModelChoiceFilter,
    PartFilter,
    PatternFilter,
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


def _countries() -> list[tuple[str, str]]:
    return sorted(country_names().items(), key=lambda item: item[1])


class RateFilter(FilterSet):
    """The rates in force at a moment, now if none is given, unless another state is asked for."""

    STATES = (
        ("future", _("Future")),
        ("closed", _("Closed")),
        ("forbidden", _("Forbidden")),
        ("all", _("All dates")),
    )
    prefix = PatternFilter(label=_("Prefix, or 44*"))
    number = TextFilter(label=_("Dialled number"), method="by_number")
    destination = PartFilter(label=_("Destination"), within=True)
    country = ChoiceFilter(choices=_countries, label=_("Country"))
    on = SinceFilter(label=_("In force at"), method="keep")
    state = ChoiceFilter(choices=STATES, empty_label=_("In force"), label=_("State"), method="keep")

    class Meta:
        model = Rate
        fields: tuple[str, ...] = ()

    def keep(self, rows: QuerySet[Rate], name: str, value: object) -> QuerySet[Rate]:
        return rows

    def by_number(self, rows: QuerySet[Rate], name: str, value: str) -> QuerySet[Rate]:
        """The rows whose prefix the number starts with."""
        digits = "".join(sign for sign in value if sign.isdigit() and sign.isascii())
        return rows.filter(prefix__in=[digits[:size] for size in range(len(digits) + 1)])

    def filter_queryset(self, queryset: QuerySet[Rate]) -> QuerySet[Rate]:
        asked = self.form.cleaned_data
        at = asked.get("on") or now()
        rows: QuerySet[Rate] = super().filter_queryset(queryset)
        return rows.filter(_in_state(asked.get("state") or "", at))


def _in_state(state: str, at: datetime) -> Q:
    states = {
        "future": Q(valid_from__gt=at),
        "closed": Q(valid_till__lte=at),
        "forbidden": in_force(at) & Q(is_forbidden=True),
        "all": Q(),
    }
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
