"""Forms of what-ifs: what is asked, and the new name of one."""

from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from calls.choices import ChangeKind, ChangeTime, WhatIfState
from calls.models import WhatIf
from customers.models import Customer
from softswitch.core.filters import DATETIME_FORMAT
from softswitch.core.forms import NamedChoiceField, ScopedForm, Section
from tariffs.choices import MarkupKind, Rounding
from tariffs.models import RateImport, Tariff
from tariffs.selectors import drafts, live_by_owner

AS_IT_WAS = ("", _("As it was"))
MARKUPS = [choice for choice in MarkupKind.choices if choice[0] != MarkupKind.NONE]


class OwnedTariffField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Live tariffs of the viewer and those below, with their owners."""

    def __init__(self, label: Any, help_text: Any = "", empty_label: Any = "–") -> None:
        super().__init__(
            Tariff.objects.all(),
            label=label,
            required=False,
            help_text=help_text,
            empty_label=empty_label,
        )

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} ({obj.currency_id}), {obj.owner}"


class DraftField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Rate sheets that were previewed and are not applied."""

    def __init__(self, label: Any) -> None:
        super().__init__(RateImport.objects.all(), label=label, required=False)

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.tariff}: {obj.file_name}"


def _day(label: Any, help_text: Any = "") -> forms.DateField:
    widget = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, help_text=help_text)


class WhatIfForm(ScopedForm):
    """Which calls, and by which other terms they might have gone."""

    sections: ClassVar = (
        Section(
            _("Calls"),
            ("name", "since", "until", "seller", "customer", "tariff", "has_below"),
            help=_("The calls that were charged in this time. Nothing of them changes."),
        ),
        Section(
            _("What customers pay"),
            ("sell_kind", "sell_tariff", "sell_draft", "sell_replaces", "sell_time", "sell_at"),
            help=_("The terms that take the place of those that the calls were charged by."),
        ),
        Section(
            _("Mark-up"),
            ("markup", "amount", "minimum", "decimals", "rounding", "marks_connect_fee"),
            help=_("On price 1 and price N, per minute, as a copy of the tariff would have it."),
        ),
        Section(
            _("What the seller pays"),
            ("buy_kind", "buy_tariff", "buy_draft"),
            help=_("Rates that a provider offers, kept as a tariff of your own."),
        ),
    )
    widths: ClassVar = {
        "since": 3, "until": 3, "seller": 3, "customer": 3, "sell_tariff": 3, "sell_draft": 3,
        "sell_time": 3, "sell_at": 3, "markup": 2, "amount": 2, "minimum": 2, "decimals": 3,
        "rounding": 3, "buy_tariff": 3, "buy_draft": 3,
    }  # fmt: skip

    name = forms.CharField(label=_("Name"), max_length=120)
    since = _day(_("From"))
    until = _day(_("To"), _("The last day, included."))
    seller = NamedChoiceField(
        Customer.objects.all(),
        label=_("Seller"),
        required=False,
        help_text=_("Whose revenue and cost: yourself, or a reseller below."),
    )
    customer = NamedChoiceField(
        Customer.objects.all(),
        label=_("Customer"),
        required=False,
        help_text=_("Only its calls and those of all below it."),
    )
    tariff = OwnedTariffField(_("Only calls sold by"), empty_label=_("Any tariff"))
    has_below = forms.BooleanField(
        label=_("Also the margins of the resellers below"), required=False
    )
    sell_kind = forms.ChoiceField(
        label=_("Other terms"), choices=[AS_IT_WAS, *ChangeKind.choices], required=False
    )
    sell_tariff = OwnedTariffField(_("Tariff"), _("The other tariff, or the one marked up."))
    sell_draft = DraftField(_("Rate sheet"))
    sell_replaces = OwnedTariffField(
        _("In place of"),
        _("Another tariff takes the place of this one alone, or of any."),
        empty_label=_("Whatever they pay by"),
    )
    sell_time = forms.ChoiceField(label=_("Of when"), choices=ChangeTime.choices)
    sell_at = forms.DateTimeField(
        label=_("Date"),
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format=DATETIME_FORMAT),
    )
    markup = forms.ChoiceField(label=_("Mark-up"), choices=MARKUPS)
    amount = forms.DecimalField(
        label=_("Percent or amount"), required=False, max_digits=12, decimal_places=8
    )
    minimum = forms.DecimalField(
        label=_("Minimum margin"), required=False, min_value=0, max_digits=12, decimal_places=8,
        help_text=_("Added to each price at least."),
    )  # fmt: skip
    decimals = forms.IntegerField(label=_("Decimals"), min_value=0, max_value=8, initial=4)
    rounding = forms.ChoiceField(label=_("Rounding"), choices=Rounding.choices)
    marks_connect_fee = forms.BooleanField(label=_("The connect fee likewise"), required=False)
    buy_kind = forms.ChoiceField(
        label=_("Other terms"),
        choices=[AS_IT_WAS, *(c for c in ChangeKind.choices if c[0] != ChangeKind.MARKUP)],
        required=False,
    )
    buy_tariff = OwnedTariffField(_("Tariff"))
    buy_draft = DraftField(_("Rate sheet"))

    def narrow_seller(self, rows: QuerySet[Customer]) -> QuerySet[Customer]:
        return rows.filter(kind__in=("root", "reseller"))

    def narrow_customer(self, rows: QuerySet[Customer]) -> QuerySet[Customer]:
        return rows.filter(is_root=False).exclude(pk=self.actor.customer_id)

    def _live(self, rows: QuerySet[Tariff]) -> QuerySet[Tariff]:
        return live_by_owner(rows)

    narrow_tariff = narrow_sell_tariff = narrow_sell_replaces = narrow_buy_tariff = _live

    def narrow_sell_draft(self, rows: QuerySet[RateImport]) -> QuerySet[RateImport]:
        return drafts(rows)

    def narrow_buy_draft(self, rows: QuerySet[RateImport]) -> QuerySet[RateImport]:
        return drafts(rows)

    def clean(self) -> dict[str, Any]:
        """What each kind of terms needs, and at least one of them."""
        values = super().clean() or self.cleaned_data
        values["seller"] = values.get("seller") or self.actor.customer
        for side in ("sell", "buy"):
            self._clean_side(side, values.get(f"{side}_kind"), values)
        if values.get("sell_kind") == ChangeKind.MARKUP:
            self._clean_markup(values)
        if values.get("sell_time") == ChangeTime.DATE and not values.get("sell_at"):
            self.add_error("sell_at", _("Enter a date."))
        if not (values.get("sell_kind") or values.get("buy_kind")) and not self.errors:
            self.add_error("sell_kind", _("Say by which other terms."))
        return values

    def _clean_side(self, side: str, kind: str | None, values: dict[str, Any]) -> None:
        field = f"{side}_draft" if kind == ChangeKind.DRAFT else f"{side}_tariff"
        if kind and not values.get(field) and field not in self.errors:
            self.add_error(field, _("Choose one."))

    def _clean_markup(self, values: dict[str, Any]) -> None:
        least, most = MarkupKind(values.get("markup") or MarkupKind.PERCENT).limits
        amount = values.get("amount")
        if amount is None or not least <= amount <= most:
            text = _("Enter a number from %(least)s to %(most)s.")
            self.add_error("amount", text % {"least": least, "most": most})


class RenameForm(ScopedForm):
    """Another name."""

    name = forms.CharField(label=_("Name"), max_length=120)


class CompareForm(ScopedForm):
    """Two to four answered what-ifs."""

    a = forms.ModelChoiceField(WhatIf.objects.all(), label=_("First"))
    b = forms.ModelChoiceField(WhatIf.objects.all(), label=_("Second"))
    c = forms.ModelChoiceField(WhatIf.objects.all(), label=_("Third"), required=False)
    d = forms.ModelChoiceField(WhatIf.objects.all(), label=_("Fourth"), required=False)

    def _done(self, rows: QuerySet[WhatIf]) -> QuerySet[WhatIf]:
        return rows.filter(state=WhatIfState.DONE).order_by("-pk")

    narrow_a = narrow_b = narrow_c = narrow_d = _done
