"""The rate table of a tariff, its rows, and the rate table that a customer pays by."""

from datetime import datetime
from functools import cached_property
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from softswitch.core.chrome import Action, BulkAction, Link, Tile
from softswitch.core.display import DASH, datetime_text, price_text
from softswitch.core.tables import Table
from softswitch.core.views import ConfirmView, CreateView, EditView, ListView, RowEditView
from tariffs.filters import RateFilter
from tariffs.forms import PricingForm, RateChangeForm, RateCloseForm, RateForm
from tariffs.models import Rate, Tariff
from tariffs.selectors import own_rates, rates_of, tariff_of, version_in_force
from tariffs.services.rates import Pricing, change_rate, delete_rate
from tariffs.services.tariffs import NewRate, close_rate, set_rate
from tariffs.tables import OwnRateTable, RateSheet, RateTable
from tariffs.views.parts import TariffPart, plain_numbers, tariff_crumbs, what_if_actions


def parameter_tiles(tariff: Tariff) -> list[Tile]:
    """What the tariff says about every call now: all that its payers need to check a charge."""
    version = version_in_force(tariff, now())
    if version is None:
        return [Tile(_("Currency"), tariff.currency_id)]
    return [
        Tile(_("Currency"), tariff.currency_id),
        Tile(_("Connect fee"), price_text(version.connect_fee)),
        Tile(_("Free seconds"), str(version.free_seconds)),
        Tile(_("Grace period"), str(version.grace_period), "s"),
        Tile(_("Surcharge"), f"{(version.post_call_surcharge * 100).normalize():f}", "%"),
        Tile(_("Duration"), version.get_duration_rounding_display()),
        Tile(_("Cost"), version.get_cost_rounding_display(), f"{version.decimals} " + _("dec.")),
    ]


def close_ticked(*, actor: Any, record: Rate, valid_till: datetime | None) -> None:
    """End one of the selected rates."""
    close_rate(actor=actor, rate=record, at=valid_till)


class SheetListView(ListView):
    """Rates; an export holds what was found in the form that the importer reads."""

    model = Rate
    table_class = RateTable
    filterset_class = RateFilter
    template_name = "tariffs/rate_list.html"
    whole = "state=all"
    empty_icon = "table-cells"
    empty_title = gettext_lazy("No rates yet")

    def get_order(self) -> str | None:
        """What a number matches is read from the longest prefix on: the first one prices a call."""
        asked = super().get_order()
        return asked or ("-prefix" if self.request.GET.get("number") else None)

    def get_table(self) -> Table:
        if "export" not in self.request.GET or self.filterset is None:
            return super().get_table()
        table = RateSheet(self.filterset.qs, actor=self.actor, order_by=("prefix", "valid_from"))
        table.data.data = table.ordered_queryset()
        return table


class TariffDetailView(TariffPart, SheetListView):
    """A tariff: its parameters and its rates."""

    permission = "tariffs.view"
    tab = "tariff_detail"
    edits_in_place = True
    bulk_actions = (
        BulkAction(
            "close",
            gettext_lazy("Close"),
            close_ticked,
            "x-mark",
            "tariffs.edit",
            danger=True,
            form_class=RateCloseForm,
            done=gettext_lazy("closed"),
        ),
    )
    empty_text = gettext_lazy("Import a rate sheet, or add a first rate.")

    def visible(self) -> QuerySet[Rate]:
        """The rates of a tariff in scope, without a join: one weighs on every row skipped."""
        return rates_of(self.tariff)

    def get_title(self) -> str:
        return str(self.tariff)

    def get_crumbs(self) -> list[Link]:
        return tariff_crumbs()

    def get_meta(self) -> str:
        return "" if self.is_own else _("A tariff of %(owner)s.") % {"owner": self.tariff.owner}

    def refine(self, queryset: QuerySet[Rate]) -> QuerySet[Rate]:
        return queryset.prefetch_related("profile")  # a join would weigh on every row skipped

    def get_bulk_actions(self) -> list[BulkAction]:
        """None on a tariff of a customer below: its owner changes it."""
        return super().get_bulk_actions() if self.is_own else []

    def get_actions(self) -> list[Action]:
        pk = [self.tariff.pk]
        names = ("import_create", "tariff_edit", "rate_create", "tariff_archive", "tariff_copy")
        sheet, edit, rate, archive, copy = (reverse(f"tariffs:{name}", args=pk) for name in names)
        what_if = what_if_actions(self.actor, f"tariff={self.tariff.pk}")
        if not self.is_own:
            return [Action(_("Copy"), copy, "square-2-stack", "tariffs.add"), *what_if]
        return [
            Action(_("Copy"), copy, "square-2-stack", "tariffs.add"),
            *what_if,
            Action(_("Import rates"), sheet, "arrow-up-tray", "tariffs.edit"),
            Action(_("Edit"), edit, "pencil-square", "tariffs.edit"),
            Action(_("New rate"), rate, "plus", "tariffs.edit", primary=True),
            Action(_("Archive"), archive, "trash", "tariffs.delete", danger=True, more=True),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        tiles = parameter_tiles(self.tariff)
        tiles.append(Tile(_("Loss protection"), self.tariff.get_loss_protection_display()))
        return super().get_context_data(tiles=tiles, **kwargs)


class OwnRatesView(SheetListView):
    """The rates that the viewer's customer pays; nothing of the tariff's owner."""

    permission = "rates.view"
    title = gettext_lazy("My rates")
    table_class = OwnRateTable
    empty_text = gettext_lazy("Your provider has not set a rate table.")

    def visible(self) -> QuerySet[Rate]:
        return own_rates(self.actor)

    @cached_property
    def tariff(self) -> Tariff | None:
        """What the viewer's customer pays by; None for Root and for the users of accounts."""
        return None if self.actor.account_id else tariff_of(self.actor.customer_id, now())

    def get_actions(self) -> list[Action]:
        if self.tariff is None:
            return []
        copy = reverse("tariffs:own_rates_copy")
        return [Action(_("Copy into a tariff"), copy, "square-2-stack", "tariffs.add")]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        tiles = parameter_tiles(self.tariff) if self.tariff else []
        return super().get_context_data(tiles=tiles, **kwargs)


class RateCreateView(TariffPart, CreateView):
    """A new prefix, or a new price of one from a moment on."""

    permission = "tariffs.edit"
    model = Rate
    form_class = RateForm
    title = gettext_lazy("New rate")
    close_label = ""

    def get_form(self) -> Any:
        self.check_own()
        return super().get_form()

    def service(self, form: RateForm) -> Rate:
        return set_rate(actor=self.actor, tariff=self.tariff, rate=NewRate(**form.cleaned_data))

    def get_stay_url(self, saved: Any) -> str:
        return self.get_close_url(saved)

    def get_close_url(self, saved: Any) -> str:
        return reverse("tariffs:tariff_detail", args=[self.tariff.pk])


class RateMixin:
    """One row of an own tariff."""

    actor: Any
    object: Any

    def refine(self, queryset: QuerySet[Rate]) -> QuerySet[Rate]:
        return queryset.filter(tariff__archived_at=None).select_related("tariff", "profile")

    def check_object(self, obj: Rate) -> None:
        if obj.tariff.owner_id != self.actor.customer_id:
            raise PermissionDenied

    def get_crumbs(self) -> list[Link]:
        return tariff_crumbs(self.object.tariff)

    def get_stay_url(self, saved: Any) -> str:
        return self.get_close_url(saved)

    def get_close_url(self, saved: Any) -> str:
        return reverse("tariffs:tariff_detail", args=[self.object.tariff_id])


class RateChangeView(RateMixin, EditView):
    """A new price: the row ends where the new one begins, and stays for the calls before."""

    permission = "tariffs.edit"
    model = Rate
    form_class = RateChangeForm
    close_label = ""

    def get_title(self) -> str:
        return _("New price of %(prefix)s") % {"prefix": self.object}

    def get_initial(self) -> dict[str, Any]:
        names = ("price_1", "price_n", "interval_1", "interval_n")
        return plain_numbers({name: getattr(self.object, name) for name in names})

    def service(self, form: RateChangeForm) -> Rate:
        old = self.object
        rate = NewRate(prefix=old.prefix, profile=old.profile, **form.cleaned_data)
        return set_rate(actor=self.actor, tariff=self.object.tariff, rate=rate)


class RateEditView(RateMixin, RowEditView):
    """Prices, intervals and the mark of a row, on the list itself."""

    permission = "tariffs.edit"
    model = Rate
    form_class = PricingForm
    table_class = RateTable
    list_url_name = "tariffs:tariff_detail"

    def get_title(self) -> str:
        return _("Change the price of %(prefix)s") % {"prefix": self.object}

    def get_form(self) -> Any:
        """A rate to come is edited itself, so it has no other start."""
        form: Any = super().get_form()
        if self.object.valid_from > now():
            del form.fields["valid_from"]
        return form

    def get_initial(self) -> dict[str, Any]:
        names = ("price_1", "price_n", "interval_1", "interval_n", "is_forbidden")
        return plain_numbers({name: getattr(self.object, name) for name in names})

    def service(self, form: PricingForm) -> Rate:
        values = dict(form.cleaned_data)
        start = values.pop("valid_from", None)
        pricing = Pricing(**values)
        return change_rate(actor=self.actor, rate=self.object, pricing=pricing, valid_from=start)

    def saved_keys(self, saved: Rate) -> list[int]:
        """What counts from now on; a price of later beside the one that it follows."""
        is_later = saved.pk != self.object.pk and saved.valid_from > now()
        return [self.object.pk, saved.pk] if is_later else [saved.pk]

    def get_cancel_url(self) -> str:
        return self.get_close_url(self.object)


class RateDeleteView(RateMixin, ConfirmView):
    """A rate that never priced a call goes for good."""

    permission = "tariffs.edit"
    model = Rate

    def get_title(self) -> str:
        return _("Delete %(prefix)s") % {"prefix": self.object}

    def get_facts(self) -> list[tuple[str, Any]]:
        return [
            (_("Destination"), self.object.destination or DASH),
            (_("Valid from"), datetime_text(self.object.valid_from)),
            (_("The rate before it"), _("Goes on, if it ended where this one begins.")),
            (_("Refused"), _("Where calls may have been charged by it. Close it instead.")),
        ]

    def service(self, obj: Rate) -> None:
        delete_rate(actor=self.actor, rate=obj)

    def get_success_message(self) -> str:
        return _("%(prefix)s is deleted.") % {"prefix": self.object}

    def get_return_url(self) -> str:
        return self.get_close_url(self.object)


class RateCloseView(RateMixin, EditView):
    """A rate ends; calls go on by a shorter prefix, or have none."""

    permission = "tariffs.edit"
    model = Rate
    form_class = RateCloseForm
    save_label = gettext_lazy("Close rate")
    close_label = ""

    def get_title(self) -> str:
        return _("Close %(prefix)s") % {"prefix": self.object}

    def service(self, form: RateCloseForm) -> None:
        close_rate(actor=self.actor, rate=self.object, at=form.cleaned_data["valid_till"])
