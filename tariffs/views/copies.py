"""Pages that copy a tariff, or the rates that one pays, into a new tariff."""

from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from softswitch.core.chrome import Link
from softswitch.core.display import number_text, price_text
from softswitch.core.views import EditView, FormView
from tariffs.choices import MarkupKind
from tariffs.forms import CopyTariffForm
from tariffs.models import Tariff
from tariffs.selectors import exchange_rates_from, tariff_of
from tariffs.services.copies import EXACT, Copied, Markup, copy_own_rates, copy_tariff
from tariffs.views.parts import tariff_crumbs


def markup_of(values: dict[str, Any], source: str) -> Markup:
    """What the form asks for; without a mark-up prices in the same currency stay as they are."""
    is_plain = values["kind"] == MarkupKind.NONE and values["currency"].pk == source
    zero = Decimal(0)
    if values["kind"] == MarkupKind.NONE:
        values = values | {"amount": zero, "minimum": None, "marks_connect_fee": False}
    return Markup.of(
        values["kind"],
        values["amount"],
        minimum=values["minimum"],
        decimals=EXACT if is_plain else values["decimals"],
        rounding=values["rounding"],
        on_connect_fee=values["marks_connect_fee"],
    )


class CopyMixin(FormView):
    """A copy of ``source``, whose page is shown next."""

    form_class = CopyTariffForm
    save_label = gettext_lazy("Copy")
    close_label = ""

    @property
    def source(self) -> Tariff:
        raise NotImplementedError

    def get_form(self) -> Any:
        form: Any = super().get_form()
        form.show_rates(
            self.source.currency_id, exchange_rates_from(self.source.currency_id, now())
        )
        return form

    def asked(self, form: CopyTariffForm) -> dict[str, Any]:
        """What both services take."""
        values = form.cleaned_data
        return {
            "name": values["name"],
            "currency": values["currency"].pk,
            "markup": markup_of(values, self.source.currency_id),
            "key": values["idempotency_key"],
        }

    def get_success_message(self, saved: Copied) -> str:
        done = _("%(count)s rates are copied.") % {"count": number_text(saved.rates)}
        source, target = self.source.currency_id, saved.tariff.currency_id
        if source == target:
            return done
        told = {"source": source, "rate": price_text(saved.exchange_rate), "target": target}
        return done + " " + _("Converted at 1 %(source)s = %(rate)s %(target)s.") % told

    def get_stay_url(self, saved: Copied) -> str:
        return reverse("tariffs:tariff_detail", args=[saved.tariff.pk])


class TariffCopyView(CopyMixin, EditView):
    """A new tariff of one's own from one that may be read."""

    permission = "tariffs.add"
    further = ("tariffs.view",)
    model = Tariff

    def refine(self, queryset: QuerySet[Tariff]) -> QuerySet[Tariff]:
        return queryset.filter(archived_at=None)

    @property
    def source(self) -> Tariff:
        found: Tariff = self.object
        return found

    def get_title(self) -> str:
        return _("Copy %(name)s") % {"name": self.object}

    def get_crumbs(self) -> list[Link]:
        return tariff_crumbs(self.object)

    def get_initial(self) -> dict[str, Any]:
        return {
            "name": _("%(name)s, copy") % {"name": self.object},
            "currency": self.source.currency_id,
        }

    def service(self, form: CopyTariffForm) -> Copied:
        return copy_tariff(actor=self.actor, source=self.object, **self.asked(form))

    def get_cancel_url(self) -> str:
        return reverse("tariffs:tariff_detail", args=[self.object.pk])


class OwnRatesCopyView(CopyMixin):
    """A new tariff from the rates that the viewer's customer pays; their tariff stays hidden."""

    permission = "tariffs.add"
    further = ("rates.view",)
    title = gettext_lazy("Copy my rates into a tariff")

    @property
    def source(self) -> Tariff:
        found = None if self.actor.account_id else tariff_of(self.actor.customer_id, now())
        if found is None:
            raise Http404
        return found

    def get_crumbs(self) -> list[Link]:
        return [Link(_("My rates"), reverse("tariffs:own_rates"))]

    def get_initial(self) -> dict[str, Any]:
        return {"currency": self.source.currency_id}

    def service(self, form: CopyTariffForm) -> Copied:
        return copy_own_rates(actor=self.actor, **self.asked(form))

    def get_cancel_url(self) -> str:
        return reverse("tariffs:own_rates")
