"""Prepaid cards: batches, a new batch, the cards of one, and the one export of its PINs."""

from functools import cached_property
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.text import slugify
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import pdf
from accounts.choices import CardState, ResourceStatus
from accounts.filters import CardBatchFilter, CardFilter
from accounts.forms import CardBatchForm, CardExportForm
from accounts.forms.cards import PDF
from accounts.models import Account, CardBatch
from accounts.selectors.charging import may_manage_charging
from accounts.selectors.records import card_counts, cards_of
from accounts.services.cards import NewCards, Pin, set_batch_status, take_pins
from accounts.tables import CardBatchTable, CardTable, PlainCardTable, is_near
from accounts.views.accounts import activate, deactivate
from billing.selectors.balances import may_see_balances
from billing.services.cards import open_cards
from softswitch.core import display, exports
from softswitch.core.chrome import Action, BulkAction, Link, Tile
from softswitch.core.errors import DomainError
from softswitch.core.views import ConfirmView, CreateView, EditView, ListView
from softswitch.core.views.access import ScopedMixin, rows_of

LIST = "accounts:card_batch_list"
DETAIL = "accounts:card_batch_detail"
HEADS = (
    gettext_lazy("Number"),
    gettext_lazy("PIN"),
    gettext_lazy("Value"),
    gettext_lazy("Currency"),
    gettext_lazy("Expires"),
)


class CardBatchListView(ListView):
    """The batches of prepaid cards of the actor's subtree."""

    model = CardBatch
    permission = "vouchers.view"  # the kinds that have vouchers have cards
    title = gettext_lazy("Prepaid cards")
    table_class = CardBatchTable
    filterset_class = CardBatchFilter
    empty_icon = "credit-card"
    empty_title = gettext_lazy("No prepaid cards yet")
    empty_text = gettext_lazy("Cards are made in batches, each with its own number and PIN.")

    def enrich(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.select_related("customer").defer("sealed_pins")

    def get_actions(self) -> list[Action]:
        if not self.actor.can("money.manage"):
            return []
        url = reverse("accounts:card_batch_create")
        return [Action(_("New batch"), url, "plus", "accounts.add", primary=True)]


class CardBatchCreateView(CreateView):
    """Make a batch of prepaid cards; it is ready with the answer."""

    model = CardBatch
    permission = "accounts.add"
    further = ("money.manage", "vouchers.view")
    title = gettext_lazy("New batch of prepaid cards")
    form_class = CardBatchForm
    list_url_name = LIST
    save_label = gettext_lazy("Make the cards")
    close_label = ""

    def get_initial(self) -> dict[str, Any]:
        return {"customer": self.request.GET.get("customer") or self.actor.customer_id}

    def service(self, form: CardBatchForm) -> CardBatch:
        values = dict(form.cleaned_data)
        customer = values.pop("customer")
        return open_cards(actor=self.actor, customer=customer, new=NewCards(**values))

    def get_success_message(self, saved: CardBatch) -> str:
        text = ngettext("%(count)s card is made.", "%(count)s cards are made.", saved.count)
        return text % {"count": display.number_text(saved.count)}

    def get_stay_url(self, saved: Any) -> str:
        return reverse(DETAIL, args=[saved.pk])


class CardBatchView(ListView):
    """One batch: how many of its cards are in which state, and the cards."""

    model = Account
    parent_model: ClassVar[type[Model]] = CardBatch
    permission = "vouchers.view"
    template_name = "accounts/card_batch.html"
    filterset_class = CardFilter
    empty_icon = "credit-card"
    empty_title = gettext_lazy("No cards left")
    bulk_actions = (
        BulkAction("block", gettext_lazy("Block"), deactivate, "no-symbol", "accounts.edit"),
        BulkAction("unblock", gettext_lazy("Unblock"), activate, "play", "accounts.edit"),
    )

    @cached_property
    def batch(self) -> CardBatch:
        """The batch of the URL, without its PINs: 404 if it is out of scope."""
        rows = rows_of(CardBatch, self.actor).select_related("customer").defer("sealed_pins")
        found: CardBatch = get_object_or_404(rows, pk=self.kwargs["pk"])
        return found

    def get_table_class(self) -> type[PlainCardTable]:
        return CardTable if may_see_balances(self.actor) else PlainCardTable

    def refine(self, queryset: QuerySet[Account]) -> QuerySet[Account]:
        return cards_of(queryset.filter(batch=self.batch), now())

    def enrich(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.select_related("balance")

    def get_title(self) -> str:
        return self.batch.name

    def get_meta(self) -> str:
        value = display.amount_text(self.batch.value, self.batch.currency_id)
        return f"{self.batch.customer}. {value} {self.batch.currency_id}"

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Prepaid cards"), reverse(LIST))]

    def get_actions(self) -> list[Action]:
        if not is_near(self.batch.customer, self.actor):
            return []
        args, edit = [self.batch.pk], "accounts.edit"
        actions = [
            Action(
                _("Block all"), reverse("accounts:card_batch_block", args=args), "no-symbol", edit
            ),
            Action(
                _("Unblock all"), reverse("accounts:card_batch_unblock", args=args), "play", edit
            ),
        ]
        may_export = may_manage_charging(self.actor, self.batch.customer)
        if may_export and not self.batch.exported_at and not self.actor.is_switched:
            url = reverse("accounts:card_batch_export", args=args)
            label = _("Export numbers and PINs")
            actions.append(Action(label, url, "arrow-down-tray", "accounts.add", primary=True))
        return actions

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        counts = card_counts(self.batch, now())
        path = self.request.path
        tiles = [
            Tile(state.label, display.number_text(counts[state]), url=f"{path}?card_state={state}")
            for state in (CardState.UNUSED, CardState.USED, CardState.EXPIRED, CardState.BLOCKED)
        ]
        return super().get_context_data(batch=self.batch, tiles=tiles, **kwargs)


class NearBatchMixin(ScopedMixin):
    """Batches whose cards the actor may change."""

    model = CardBatch
    permission = "accounts.edit"

    def refine(self, queryset: QuerySet[CardBatch]) -> QuerySet[CardBatch]:
        return queryset.select_related("customer").defer("sealed_pins")

    def check_object(self, obj: CardBatch) -> None:
        if not is_near(obj.customer, self.actor):
            raise PermissionDenied(_("Its customer does this. Switch to it first."))

    def get_crumbs(self) -> list[Link]:
        detail = reverse(DETAIL, args=[self.object.pk])
        return [Link(_("Prepaid cards"), reverse(LIST)), Link(self.object.name, detail)]


class CardBatchBlockView(NearBatchMixin, ConfirmView):
    """Block every card of a batch."""

    status: ClassVar[ResourceStatus] = ResourceStatus.INACTIVE
    return_url_name = DETAIL
    returns_to_object = True
    done = 0

    def get_title(self) -> str:
        return _("Block all cards of %(name)s?") % {"name": self.object}

    def get_facts(self) -> list[tuple[str, str]]:
        counts = card_counts(self.object, now())
        open_cards_left = sum(counts.values()) - counts[CardState.BLOCKED]
        return [(_("Cards that can no longer call"), display.number_text(open_cards_left))]

    def service(self, obj: CardBatch) -> None:
        self.done = set_batch_status(actor=self.actor, batch=obj, status=self.status)

    def get_success_message(self) -> str:
        text = ngettext("%(count)s card changed.", "%(count)s cards changed.", self.done)
        return text % {"count": display.number_text(self.done)}


class CardBatchUnblockView(CardBatchBlockView):
    """Let every card of a batch call again."""

    status = ResourceStatus.ACTIVE

    def get_title(self) -> str:
        return _("Unblock all cards of %(name)s?") % {"name": self.object}

    def get_warning(self) -> str:
        return _("Cards that were blocked one by one are unblocked too.")

    def get_facts(self) -> list[tuple[str, str]]:
        blocked = card_counts(self.object, now())[CardState.BLOCKED]
        return [(_("Cards that can call again"), display.number_text(blocked))]


class CardExportView(NearBatchMixin, EditView):
    """Hands out the numbers and PINs of a batch, once; they are gone from here with it."""

    permission = "accounts.add"
    form_class = CardExportForm
    template_name = "accounts/card_export.html"
    save_label = gettext_lazy("Download, once")
    close_label = ""

    def check_object(self, obj: CardBatch) -> None:
        if not may_manage_charging(self.actor, obj.customer):
            raise PermissionDenied(_("Its customer does this."))

    def get_title(self) -> str:
        return _("Export the cards of %(name)s") % {"name": self.object}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The file; the PINs leave the database only if it could be made."""
        self.object = self.get_object()
        form = self.get_form()
        if not form.is_valid():
            return self.render(422, form=form)
        try:
            with transaction.atomic():
                pins = take_pins(actor=self.actor, batch=self.object)
                return card_file(self.object, pins, form.cleaned_data["file"])
        except DomainError as error:
            form.add_domain_error(error)
            return self.render(422, form=form)

    def get_close_url(self, saved: Any) -> str:
        return reverse(DETAIL, args=[self.object.pk])


def card_file(batch: CardBatch, pins: list[Pin], kind: str) -> HttpResponse:
    """The cards as CSV, or as sheets to print and cut."""
    expiry = batch.cards.values_list("expires_at", flat=True).first()
    name = slugify(batch.name) or "cards"
    if kind == PDF:
        content = pdf.card_sheets(batch, pins, expiry)
        response = HttpResponse(content, content_type="application/pdf")
        response["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
        return response
    rows = ([pin.number, pin.pin, batch.value, batch.currency_id, expiry] for pin in pins)
    lines = exports.csv_lines([str(head) for head in HEADS], rows)
    response = HttpResponse(b"".join(lines), content_type="text/csv")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
