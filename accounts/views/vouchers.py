"""Vouchers and their batches: lists, new batches with their progress, blocking one voucher."""

from functools import cached_property
from typing import Any, cast

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import VoucherStatus
from accounts.filters import BatchVoucherFilter, VoucherBatchFilter, VoucherFilter
from accounts.forms import VoucherBatchForm
from accounts.models import Voucher, VoucherBatch
from accounts.selectors.vouchers import (
    shown_vouchers,
    state_of_unused,
    voucher_counts,
    voucher_currency,
)
from accounts.services import vouchers as services
from accounts.tables import BatchVoucherTable, VoucherBatchTable, VoucherTable
from softswitch.core import display
from softswitch.core.chrome import Action, BulkAction, Link, Tile
from softswitch.core.views import ActionView, CreateView, ListView
from softswitch.core.views.access import rows_of


class BatchListView(ListView):
    """The batches of the actor's customer and of those below."""

    model = VoucherBatch
    permission = "vouchers.view"
    title = gettext_lazy("Voucher batches")
    table_class = VoucherBatchTable
    filterset_class = VoucherBatchFilter
    empty_icon = "ticket"
    empty_title = gettext_lazy("No vouchers yet")
    empty_text = gettext_lazy("Your accounts and direct customers top up with vouchers.")

    def enrich(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.select_related("customer").defer("sealed_pins")

    def get_actions(self) -> list[Action]:
        url = reverse("accounts:voucher_batch_create")
        return [Action(_("New batch"), url, "plus", "vouchers.add", primary=True)]


class BatchCreateView(CreateView):
    """Make a batch of vouchers."""

    model = VoucherBatch
    permission = "vouchers.add"
    title = gettext_lazy("New voucher batch")
    form_class = VoucherBatchForm
    list_url_name = "accounts:voucher_batch_list"
    save_label = gettext_lazy("Create vouchers")
    close_label = ""

    def get_initial(self) -> dict[str, Any]:
        return {"currency": voucher_currency(self.actor)}

    def service(self, form: VoucherBatchForm) -> VoucherBatch:
        values = dict(form.cleaned_data)
        values["currency"] = values["currency"].pk
        return services.create_batch(actor=self.actor, new=services.NewBatch(**values))

    def get_success_message(self, saved: VoucherBatch) -> str:
        if not saved.is_made:
            return _("The vouchers are being made.")
        return _("The vouchers are made. Export their PINs once.")

    def get_stay_url(self, saved: Any) -> str:
        return reverse("accounts:voucher_batch_detail", args=[saved.pk])


class VoucherListView(ListView):
    """All vouchers of the actor's customer and of those below, by serial; never a PIN."""

    model = Voucher
    permission = "vouchers.view"
    title = gettext_lazy("Vouchers")
    table_class = VoucherTable
    filterset_class = VoucherFilter
    bulk_actions = (
        BulkAction(
            "block",
            gettext_lazy("Block"),
            services.block_voucher,
            "no-symbol",
            right="vouchers.edit",
            danger=True,
        ),
        BulkAction(
            "unblock",
            gettext_lazy("Unblock"),
            services.unblock_voucher,
            "check-circle",
            right="vouchers.edit",
        ),
    )
    empty_icon = "ticket"
    empty_title = gettext_lazy("No vouchers yet")
    empty_text = gettext_lazy("Vouchers are made in batches.")

    def enrich(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return shown_vouchers(rows, self.actor, now()).defer("batch__sealed_pins")


class BatchDetailView(VoucherListView):
    """One batch: its figures, its progress while it is made, and its vouchers."""

    parent_model = VoucherBatch
    template_name = "accounts/voucher_batch.html"
    table_class = BatchVoucherTable
    filterset_class = BatchVoucherFilter

    @cached_property
    def batch(self) -> VoucherBatch:
        rows = rows_of(VoucherBatch, self.actor).select_related("customer", "currency")
        return cast("VoucherBatch", get_object_or_404(rows, pk=self.kwargs["pk"]))

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(batch=self.batch)

    def get_title(self) -> str:
        return self.batch.name

    def get_status(self) -> Any:
        return state_of_unused(self.batch, now())

    def get_meta(self) -> str:
        batch, value = self.batch, self.batch.value
        text = _("%(customer)s, %(value)s %(currency)s each, valid from %(since)s") % {
            "customer": batch.customer,
            "value": display.amount_text(value, batch.currency_id),
            "currency": batch.currency_id,
            "since": display.datetime_text(batch.activates_at),
        }
        if batch.expires_at is None:
            return text
        until = display.datetime_text(batch.expires_at)
        return text + _(" to %(until)s") % {"until": until}

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Voucher batches"), reverse("accounts:voucher_batch_list"))]

    def get_actions(self) -> list[Action]:
        if self.batch.customer_id != self.actor.customer_id or not self.batch.is_made:
            return []
        names = {"block": _("Block all"), "unblock": _("Unblock all"), "extend": _("Extend expiry")}
        urls = {
            name: reverse(f"accounts:voucher_batch_{name}", args=[self.batch.pk])
            for name in ("export", "delete", *names)
        }
        icons = {"block": "no-symbol", "unblock": "check-circle", "extend": "calendar-days"}
        actions = [
            Action(label, urls[name], icons[name], "vouchers.edit", more=True)
            for name, label in names.items()
            if name != "extend" or self.batch.expires_at is not None
        ]
        actions.append(
            Action(_("Delete"), urls["delete"], "trash", "vouchers.delete", danger=True, more=True)
        )
        if self.batch.sealed_pins is not None:
            export = Action(
                _("Export PINs"), urls["export"], "arrow-down-tray", "vouchers.edit", primary=True
            )
            actions.append(export)
        return actions

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            batch=self.batch, tiles=[] if not self.batch.is_made else tiles(self.batch), **kwargs
        )


class BatchProgressView(BatchDetailView):
    """How many vouchers of a batch are made: what its page asks for while it waits."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        answer = TemplateResponse(request, "accounts/voucher_progress.html", {"batch": self.batch})
        if self.batch.is_made:
            answer["HX-Refresh"] = "true"
        return answer


class VoucherBlockView(ActionView):
    """Block one voucher."""

    model = Voucher
    permission = "vouchers.edit"
    success_message = gettext_lazy("Blocked.")

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("batch__customer")

    def service(self, obj: Voucher) -> None:
        services.block_voucher(actor=self.actor, record=obj)

    def get_return_url(self) -> str:
        return reverse("accounts:voucher_batch_detail", args=[self.object.batch_id])


class VoucherUnblockView(VoucherBlockView):
    """Unblock one voucher."""

    success_message = gettext_lazy("Unblocked.")

    def service(self, obj: Voucher) -> None:
        services.unblock_voucher(actor=self.actor, record=obj)


def tiles(batch: VoucherBatch) -> list[Tile]:
    """How many vouchers of a batch stand where, each leading to its list."""
    counts = voucher_counts([batch.pk])[batch.pk]
    shown = [
        (state_of_unused(batch, now()), counts.unused),
        (VoucherStatus.USED, counts.used),
        (VoucherStatus.BLOCKED, counts.blocked),
    ]
    return [
        Tile(str(state.label), display.number_text(number), url=f"?state={state}" if number else "")
        for state, number in shown
    ]
