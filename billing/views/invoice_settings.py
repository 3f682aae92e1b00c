"""Payment terms and invoice settings of the acting owner: list, create, edit, delete."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.filters import InvoiceSettingsFilter, PaymentTermFilter
from billing.forms import InvoiceSettingsForm, PaymentTermForm
from billing.models import InvoiceSettings, PaymentTerm
from billing.selectors.invoice_settings import Definition, own_settings, own_terms, uses_of
from billing.services.invoice_settings import (
    create_settings,
    create_term,
    delete_definition,
    edit_definition,
    edit_settings,
)
from billing.tables import InvoiceSettingsTable, PaymentTermTable
from softswitch.core.chrome import Action, Link, Text
from softswitch.core.display import listed
from softswitch.core.pictures import MOST_BYTES
from softswitch.core.views import ConfirmView, CreateView, EditView, ListView
from softswitch.core.views.access import PageMixin, ScopedMixin

# Columns of invoice settings that the form shows under their own names.
COLUMNS = tuple(InvoiceSettingsForm.base_fields.keys() - {"included", "logo_file", "without_logo"})


class OwnMixin(PageMixin, ScopedMixin):
    """What the acting owner has defined: ``stem`` begins the names of its addresses."""

    permission = "money.manage"
    stem: ClassVar[str] = ""
    list_title: ClassVar[Text] = ""

    def url(self, name: str, *args: Any) -> str:
        return reverse(f"{self.stem}_{name}", args=args)

    def get_crumbs(self) -> list[Link]:
        return [Link(self.list_title, self.url("list"))]


class TermMixin(OwnMixin):
    """Payment terms."""

    model = PaymentTerm
    stem = "billing:payment_term"
    list_title = gettext_lazy("Payment terms")

    def refine(self, queryset: QuerySet[PaymentTerm]) -> QuerySet[Any]:
        return own_terms(queryset, self.actor)


class SettingsMixin(OwnMixin):
    """Invoice settings."""

    model = InvoiceSettings
    stem = "billing:invoice_settings"
    list_title = gettext_lazy("Invoice settings")

    def refine(self, queryset: QuerySet[InvoiceSettings]) -> QuerySet[Any]:
        return own_settings(queryset, self.actor)


class PaymentTermListView(TermMixin, ListView):
    """All payment terms of the owner."""

    title = TermMixin.list_title
    table_class = PaymentTermTable
    filterset_class = PaymentTermFilter
    empty_icon = "calendar-days"
    empty_title = gettext_lazy("No payment terms yet")
    empty_text = gettext_lazy("A payment term says what is invoiced when, and by when it is due.")

    def get_crumbs(self) -> list[Link]:
        return []

    def get_actions(self) -> list[Action]:
        return [Action(_("New payment term"), self.url("create"), "plus", primary=True)]


class InvoiceSettingsListView(SettingsMixin, ListView):
    """All invoice settings of the owner."""

    title = SettingsMixin.list_title
    table_class = InvoiceSettingsTable
    filterset_class = InvoiceSettingsFilter
    empty_icon = "document-text"
    empty_title = gettext_lazy("No invoice settings yet")
    empty_text = gettext_lazy("They say how invoices look. Classes and customers choose one.")

    def get_crumbs(self) -> list[Link]:
        return []

    def get_actions(self) -> list[Action]:
        return [Action(_("New invoice settings"), self.url("create"), "plus", primary=True)]


class PaymentTermCreateView(TermMixin, CreateView):
    """A new payment term."""

    title = gettext_lazy("New payment term")
    form_class = PaymentTermForm
    list_url_name = "billing:payment_term_list"
    edit_url_name = "billing:payment_term_edit"

    def get_initial(self) -> dict[str, Any]:
        fresh = PaymentTerm()
        return {name: getattr(fresh, name) for name in PaymentTermForm.base_fields}

    def service(self, form: PaymentTermForm) -> PaymentTerm:
        return create_term(actor=self.actor, **form.cleaned_data)


class InvoiceSettingsCreateView(SettingsMixin, CreateView):
    """New invoice settings."""

    title = gettext_lazy("New invoice settings")
    template_name = "billing/invoice_settings_form.html"
    form_class = InvoiceSettingsForm
    list_url_name = "billing:invoice_settings_list"
    edit_url_name = "billing:invoice_settings_edit"

    def get_initial(self) -> dict[str, Any]:
        return settings_initial(InvoiceSettings())

    def service(self, form: InvoiceSettingsForm) -> InvoiceSettings:
        return create_settings(
            actor=self.actor, logo_file=logo_bytes(form), **settings_values(form)
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(preview_url=self.url("sample"), **kwargs)


class EditMixin(OwnMixin, EditView):
    """The page that changes one; what is issued already stays as it is."""

    success_message = gettext_lazy("Saved. It counts from the next invoice.")

    def get_title(self) -> str:
        return str(self.object)

    def get_actions(self) -> list[Action]:
        delete = self.url("delete", self.object.pk)
        return [Action(_("Delete"), delete, "x-mark", danger=True, more=True)]


class PaymentTermEditView(TermMixin, EditMixin):
    """Period and days of a payment term."""

    form_class = PaymentTermForm
    list_url_name = "billing:payment_term_list"
    edit_url_name = "billing:payment_term_edit"

    def get_initial(self) -> dict[str, Any]:
        return {name: getattr(self.object, name) for name in PaymentTermForm.base_fields}

    def service(self, form: PaymentTermForm) -> PaymentTerm:
        row: PaymentTerm = self.object
        edit_definition(actor=self.actor, row=row, values=form.cleaned_data)
        return row


class InvoiceSettingsEditView(SettingsMixin, EditMixin):
    """How invoices look."""

    template_name = "billing/invoice_settings_form.html"
    form_class = InvoiceSettingsForm
    list_url_name = "billing:invoice_settings_list"
    edit_url_name = "billing:invoice_settings_edit"

    def get_initial(self) -> dict[str, Any]:
        return settings_initial(self.object)

    def service(self, form: InvoiceSettingsForm) -> InvoiceSettings:
        row: InvoiceSettings = self.object
        values = settings_values(form)
        edit_settings(actor=self.actor, row=row, values=values, logo_file=logo_bytes(form))
        return row

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        preview = self.url("preview", self.object.pk)
        return super().get_context_data(preview_url=preview, **kwargs)


class DeleteMixin(OwnMixin, ConfirmView):
    """Only what neither a class nor a customer has chosen goes."""

    success_message = gettext_lazy("Deleted.")

    def get_title(self) -> str:
        return _("Delete %(name)s?") % {"name": self.object}

    def get_warning(self) -> str:
        used = listed(uses_of(self.object))
        return _("In use: %(uses)s.") % {"uses": used} if used else ""

    def get_facts(self) -> Iterable[tuple[str, str]]:
        yield _("Stays"), _("Every invoice that is issued already.")

    def get_return_url(self) -> str:
        return self.url("list")

    def service(self, obj: Definition) -> None:
        delete_definition(actor=self.actor, row=obj)


class PaymentTermDeleteView(TermMixin, DeleteMixin):
    """Asks before a payment term goes."""


class InvoiceSettingsDeleteView(SettingsMixin, DeleteMixin):
    """Asks before invoice settings go."""


def settings_initial(row: InvoiceSettings) -> dict[str, Any]:
    """What the form shows of a row."""
    return {name: getattr(row, name) for name in COLUMNS} | {"included": row.sections}


def settings_values(form: InvoiceSettingsForm) -> dict[str, Any]:
    """What the form says of a row's columns; the logo is changed by a file, or by taking it off."""
    data = form.cleaned_data
    values = {name: data[name] for name in COLUMNS} | {"sections": data["included"]}
    return values | {"logo": None} if data["without_logo"] else values


def logo_bytes(form: InvoiceSettingsForm) -> bytes | None:
    """The picture that was sent, none beyond what is taken being read."""
    file = form.cleaned_data["logo_file"]
    return None if file is None else file.read(MOST_BYTES + 1)
