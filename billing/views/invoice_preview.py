"""A sample invoice as invoice settings would make it, while they are edited; nothing is saved."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from billing.forms import InvoiceSettingsForm
from billing.models import InvoiceSettings
from billing.pdf import invoice_html
from billing.selectors.document_sample import sample_document
from billing.views.invoice_settings import SettingsMixin, settings_initial
from softswitch.core.display import listed
from softswitch.core.errors import DomainError
from softswitch.core.pictures import MOST_BYTES, data_uri, media_type_of
from softswitch.core.views import PageMixin

# What no invoice shows: a name that is not there yet keeps nothing from being looked at.
NOT_ON_PAPER = ("name", "credit_series")


class SampleMixin(PageMixin):
    """POST shows what the form says, GET what is stored; HTMX gets the sheet, others a page."""

    permission = "money.manage"
    title = gettext_lazy("Preview")

    def stored(self) -> InvoiceSettings:
        """What fills in for fields that are wrong or were not sent."""
        raise NotImplementedError

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        row = self.stored()
        return self.answer(settings_initial(row), logo_of(row), [])

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        row = self.stored()
        form = InvoiceSettingsForm(request.POST, request.FILES, actor=self.actor)
        wrong = [str(one.label) for one in form.wrong_fields() if one.name not in NOT_ON_PAPER]
        values = settings_initial(row) | form.cleaned_data
        return self.answer(values, chosen_logo(values, logo_of(row)), wrong)

    def answer(self, values: dict[str, Any], logo: str, wrong: list[str]) -> HttpResponseBase:
        terms = values | {"sections": values["included"]}
        series = str(values["series"])
        document = sample_document(self.actor.customer, terms, series=series, logo=logo)
        if "HX-Request" not in self.request.headers:
            return HttpResponse(invoice_html(document, is_linked=True))
        note = _("Not shown yet, as they do not fit:") if wrong else ""  # in the reader's language
        context = {"document": document, "note": f"{note} {listed(wrong)}".strip()}
        with override(document.style.language):
            response = TemplateResponse(self.request, "billing/invoice_preview.html", context)
            return response.render()


class SamplePreviewView(SampleMixin):
    """The preview of settings that do not exist yet."""

    def stored(self) -> InvoiceSettings:
        return InvoiceSettings()


class SettingsPreviewView(SampleMixin, SettingsMixin):
    """The preview of settings that are edited."""

    def stored(self) -> InvoiceSettings:
        found: InvoiceSettings = self.get_object()
        return found


def logo_of(row: InvoiceSettings) -> str:
    """The stored logo as an address that holds it."""
    if row.logo is None:
        return ""
    return data_uri(row.logo.media_type, bytes(row.logo.content))


def chosen_logo(values: dict[str, Any], stored: str) -> str:
    """The logo that would stand after saving; the stored one while the new file is refused."""
    file = values.get("logo_file")
    if file is None:
        return "" if values.get("without_logo") else stored
    content = file.read(MOST_BYTES + 1)
    try:
        return data_uri(media_type_of(content), content)
    except DomainError:
        return stored
