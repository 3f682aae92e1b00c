"""Tax settings of the acting owner: list, create, edit with a preview of the sums, delete."""

from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.choices import TaxMode
from billing.filters import TaxFilter
from billing.forms import TaxForm, tax_initial
from billing.models import Tax
from billing.selectors.invoice_settings import own_taxes
from billing.selectors.tax_settings import NewRate, rates_of
from billing.services.tax_settings import create_tax, edit_tax
from billing.services.taxes import Rate, Taxation, tax_lines
from billing.tables import TaxTable
from billing.views.invoice_settings import DeleteMixin, EditMixin, OwnMixin
from customers.choices import Rounding
from softswitch.core.chrome import Action, Link
from softswitch.core.display import number_text
from softswitch.core.views import CreateView, ListView
from softswitch.core.views.edit import FormMixin

EXAMPLE = Decimal("100.00")


class TaxMixin(OwnMixin):
    """Tax settings."""

    model = Tax
    stem = "billing:tax"
    list_title = gettext_lazy("Tax settings")

    def refine(self, queryset: QuerySet[Tax]) -> QuerySet[Any]:
        return own_taxes(queryset, self.actor)


class TaxListView(TaxMixin, ListView):
    """All tax settings of the owner."""

    title = TaxMixin.list_title
    table_class = TaxTable
    filterset_class = TaxFilter
    empty_icon = "banknotes"
    empty_title = gettext_lazy("No tax settings yet")
    empty_text = gettext_lazy("They say how invoices are taxed. Classes and customers choose one.")

    def enrich(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.prefetch_related("rates")

    def get_crumbs(self) -> list[Link]:
        return []

    def get_actions(self) -> list[Action]:
        return [Action(_("New tax settings"), self.url("create"), "plus", primary=True)]


class TaxFormMixin(FormMixin):
    """The form; an HTMX request asks what the entered rates make of an amount."""

    form_class = TaxForm
    template_name = "billing/tax_form.html"
    list_url_name = "billing:tax_list"
    edit_url_name = "billing:tax_edit"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.headers.get("HX-Request"):
            return super().get(request, *args, **kwargs)
        form = TaxForm(request.GET, actor=self.actor)
        found = preview(form.cleaned_data["mode"], form.rates()) if form.is_valid() else None
        return TemplateResponse(request, f"{self.template_name}#preview", {"preview": found})

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        tax: Tax | None = self.object
        found = None if tax is None else preview(tax.mode, rates_of(tax))
        return super().get_context_data(preview=found, **kwargs)


class TaxCreateView(TaxFormMixin, TaxMixin, CreateView):
    """New tax settings."""

    title = gettext_lazy("New tax settings")

    def get_initial(self) -> dict[str, Any]:
        return tax_initial(Tax())

    def service(self, form: TaxForm) -> Tax:
        return create_tax(actor=self.actor, rates=form.rates(), **form.values())


class TaxEditView(TaxFormMixin, TaxMixin, EditMixin):
    """How those who have chosen it are taxed."""

    def get_initial(self) -> dict[str, Any]:
        return tax_initial(self.object)

    def service(self, form: TaxForm) -> Tax:
        row: Tax = self.object
        edit_tax(actor=self.actor, tax=row, values=form.values(), rates=form.rates())
        return row


class TaxDeleteView(TaxMixin, DeleteMixin):
    """Asks before tax settings go."""


def preview(mode: str, rates: list[NewRate]) -> dict[str, Any]:
    """What a tax makes of EXAMPLE, in a currency of two decimals."""
    taken = tuple(Rate(rate.name, rate.percent, rate.is_compound) for rate in rates)
    sums = tax_lines(Taxation(mode, taken, Rounding.TOTAL, 2), [EXAMPLE])
    is_included = mode == TaxMode.INCLUDED
    text = _("%(amount)s with tax") if is_included else _("%(amount)s without tax")
    lines = [
        (
            _("%(rate)s of %(base)s") % {"rate": rate, "base": number_text(taxed.base, 2)},
            number_text(taxed.amount, 2),
        )
        for rate, taxed in zip(rates, sums.taxes, strict=True)
    ]
    return {
        "heading": text % {"amount": number_text(EXAMPLE, 2)},
        "sums": [(_("Net"), number_text(sums.net, 2)), *lines],
        "total": (_("Total"), number_text(sums.total, 2)),
    }
