"""Steps with a batch of vouchers: the one export of its PINs, block, unblock, extend, delete."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.forms import ExtendBatchForm
from accounts.models import VoucherBatch
from accounts.selectors.vouchers import VoucherCounts, voucher_counts
from accounts.services import vouchers as services
from softswitch.core import display, exports
from softswitch.core.chrome import Link
from softswitch.core.errors import DomainError
from softswitch.core.views import ConfirmView, EditView, PageMixin, ScopedMixin

PIN_HEADS = (
    gettext_lazy("Serial"),
    gettext_lazy("PIN"),
    gettext_lazy("Value"),
    gettext_lazy("Currency"),
    gettext_lazy("Expires"),
)


class OwnBatchMixin(PageMixin, ScopedMixin):
    """A page about a batch that only its own customer opens."""

    model = VoucherBatch
    permission = "vouchers.edit"

    def check_object(self, obj: VoucherBatch) -> None:
        if obj.customer_id != self.actor.customer_id:
            raise PermissionDenied(_("Its own customer does this. Switch to it first."))

    def get_crumbs(self) -> list[Link]:
        detail = reverse("accounts:voucher_batch_detail", args=[self.object.pk])
        return [
            Link(_("Voucher batches"), reverse("accounts:voucher_batch_list")),
            Link(self.object.name, detail),
        ]


class BatchStepView(OwnBatchMixin, ConfirmView):
    """A step that is confirmed first, with what it does to how many vouchers."""

    return_url_name = "accounts:voucher_batch_detail"
    returns_to_object = True

    @property
    def counts(self) -> VoucherCounts:
        return voucher_counts([self.object.pk])[self.object.pk]


class BatchBlockView(BatchStepView):
    """Block all unused vouchers of a batch."""

    done = 0

    def get_title(self) -> str:
        return _("Block all vouchers of %(name)s?") % {"name": self.object}

    def get_facts(self) -> list[tuple[str, str]]:
        return [
            (_("Can no longer be redeemed"), display.number_text(self.counts.unused)),
            (_("Stay used"), display.number_text(self.counts.used)),
        ]

    def service(self, obj: VoucherBatch) -> None:
        self.done = services.block_batch(actor=self.actor, batch=obj)

    def get_success_message(self) -> str:
        text = ngettext("%(count)s voucher blocked.", "%(count)s vouchers blocked.", self.done)
        return text % {"count": display.number_text(self.done)}


class BatchUnblockView(BatchStepView):
    """Unblock all blocked vouchers of a batch."""

    done = 0

    def get_title(self) -> str:
        return _("Unblock all vouchers of %(name)s?") % {"name": self.object}

    def get_warning(self) -> str:
        return _("Vouchers that were blocked one by one are unblocked too.")

    def get_facts(self) -> list[tuple[str, str]]:
        return [(_("Can be redeemed again"), display.number_text(self.counts.blocked))]

    def service(self, obj: VoucherBatch) -> None:
        self.done = services.unblock_batch(actor=self.actor, batch=obj)

    def get_success_message(self) -> str:
        text = ngettext("%(count)s voucher unblocked.", "%(count)s vouchers unblocked.", self.done)
        return text % {"count": display.number_text(self.done)}


class BatchDeleteView(BatchStepView):
    """Delete a batch of which nothing was redeemed."""

    permission = "vouchers.delete"
    return_url_name = "accounts:voucher_batch_list"
    returns_to_object = False
    success_message = gettext_lazy("Deleted.")

    def get_title(self) -> str:
        return _("Delete %(name)s?") % {"name": self.object}

    def get_facts(self) -> list[tuple[str, str]]:
        lost = self.counts.unused + self.counts.blocked
        return [(_("Vouchers that can never be redeemed"), display.number_text(lost))]

    def service(self, obj: VoucherBatch) -> None:
        services.delete_batch(actor=self.actor, batch=obj)


class BatchExportView(BatchStepView):
    """Give out the PINs of a batch, once, as a file."""

    template_name = "accounts/voucher_export.html"

    def get_title(self) -> str:
        return _("Export the PINs of %(name)s?") % {"name": self.object}

    def get_warning(self) -> str:
        if self.object.exported_at is not None:
            at = display.datetime_text(self.object.exported_at)
            return _("The PINs were exported on %(at)s. Only their hashes are left here.") % {
                "at": at
            }
        return _("The PINs are given out once. Nobody can read them here afterwards.")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.object = batch = self.get_object()
        try:
            pins = services.export_pins(actor=self.actor, batch=batch)
        except DomainError as error:
            messages.error(request, error.message)
            return HttpResponseRedirect(self.get_return_url())
        send = exports.csv_response if "csv" in request.POST else exports.xlsx_response
        rows = ([*pair, batch.value, batch.currency_id, batch.expires_at] for pair in pins)
        name = slugify(f"vouchers {batch.pk} {batch.name}")
        return send(name, [str(head) for head in PIN_HEADS], rows)


class BatchExtendView(OwnBatchMixin, EditView):
    """Move the expiry of a batch."""

    form_class = ExtendBatchForm
    list_url_name = "accounts:voucher_batch_list"
    edit_url_name = "accounts:voucher_batch_detail"
    detail_url_name = "accounts:voucher_batch_detail"
    close_label = ""

    def get_title(self) -> str:
        return _("Extend %(name)s") % {"name": self.object}

    def get_initial(self) -> dict[str, Any]:
        return {"expires_at": self.object.expires_at}

    def service(self, form: ExtendBatchForm) -> VoucherBatch:
        expires_at = form.cleaned_data["expires_at"]
        return services.extend_batch(actor=self.actor, batch=self.object, expires_at=expires_at)
