"""Tariffs: list, create, edit, archive, versions, and who pays by them."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.selectors.payers import accounts_paying
from softswitch.core.chrome import Action, Link
from softswitch.core.views import ConfirmView, CreateView, DetailView, EditView, ListView
from tariffs.filters import TariffFilter
from tariffs.forms import TariffEditForm, TariffForm
from tariffs.models import Tariff, TariffAssignment
from tariffs.selectors import assigned_customers, counted_tariffs
from tariffs.services.tariffs import (
    HEADER,
    PARAMETERS,
    archive_tariff,
    create_tariff,
    edit_tariff,
    parameters_now,
)
from tariffs.tables import AccountPayerTable, AssignmentTable, TariffTable
from tariffs.views.parts import TariffPart, plain_numbers, tariff_crumbs, tariff_tabs


def split(values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A form's values as header and versioned parameters."""
    header = {name: values[name] for name in values if name in HEADER}
    return header, {name: values[name] for name in PARAMETERS}


class TariffListView(ListView):
    """The tariffs of the viewer and of those below."""

    permission = "tariffs.view"
    model = Tariff
    title = gettext_lazy("Tariffs")
    table_class = TariffTable
    filterset_class = TariffFilter
    empty_icon = "currency-dollar"
    empty_title = gettext_lazy("No tariffs yet")
    empty_text = gettext_lazy("A tariff is a price list that you sell from.")

    def refine(self, queryset: QuerySet[Tariff]) -> QuerySet[Tariff]:
        return counted_tariffs(queryset)

    def get_actions(self) -> list[Action]:
        url = reverse("tariffs:tariff_create")
        return [Action(_("New tariff"), url, "plus", "tariffs.add", primary=True)]


class TariffCreateView(CreateView):
    """A new tariff with its first version."""

    permission = "tariffs.add"
    model = Tariff
    form_class = TariffForm
    title = gettext_lazy("New tariff")
    list_url_name = "tariffs:tariff_list"
    detail_url_name = "tariffs:tariff_detail"
    edit_url_name = "tariffs:tariff_edit"

    def get_crumbs(self) -> list[Link]:
        return tariff_crumbs()

    def get_initial(self) -> dict[str, Any]:
        return {"timezone": self.actor.timezone, "duration_rounding": "up"}

    def service(self, form: TariffForm) -> Tariff:
        header, parameters = split(form.cleaned_data)
        currency = form.cleaned_data["currency"].pk
        return create_tariff(actor=self.actor, currency=currency, parameters=parameters, **header)


class OwnTariffMixin:
    """Only the owner changes a tariff; a tariff below is 403."""

    actor: Any

    def refine(self, queryset: QuerySet[Tariff]) -> QuerySet[Tariff]:
        return queryset.filter(archived_at=None)

    def check_object(self, obj: Tariff) -> None:
        if obj.owner_id != self.actor.customer_id:
            raise PermissionDenied


class TariffEditView(OwnTariffMixin, EditView):
    """Changed parameters open a new version."""

    permission = "tariffs.edit"
    model = Tariff
    form_class = TariffEditForm
    list_url_name = "tariffs:tariff_list"
    detail_url_name = "tariffs:tariff_detail"
    edit_url_name = "tariffs:tariff_edit"

    def get_title(self) -> str:
        return _("Edit %(name)s") % {"name": self.object}

    def get_crumbs(self) -> list[Link]:
        return tariff_crumbs(self.object)

    def get_initial(self) -> dict[str, Any]:
        header = {name: getattr(self.object, name) for name in HEADER}
        return header | plain_numbers(parameters_now(self.object))

    def service(self, form: TariffEditForm) -> Tariff:
        header, parameters = split(form.cleaned_data)
        return edit_tariff(
            actor=self.actor, tariff=self.object, header=header, parameters=parameters
        )


class TariffArchiveView(OwnTariffMixin, ConfirmView):
    """Refused while somebody pays by the tariff."""

    permission = "tariffs.delete"
    model = Tariff
    return_url_name = "tariffs:tariff_list"

    def get_title(self) -> str:
        return _("Archive %(name)s") % {"name": self.object}

    def get_crumbs(self) -> list[Link]:
        return tariff_crumbs(self.object)

    def get_warning(self) -> str:
        return _("There is no undo.")

    def get_facts(self) -> list[tuple[str, Any]]:
        return [
            (_("Leaves the lists"), _("The tariff, its rates and its imports.")),
            (_("Stays"), _("What calls were charged by it.")),
            (_("Refused"), _("While a customer or an account pays by it.")),
        ]

    def service(self, obj: Tariff) -> None:
        archive_tariff(actor=self.actor, tariff=obj)

    def get_success_message(self) -> str:
        return _("%(name)s is archived.") % {"name": self.object}


class TariffVersionsView(DetailView):
    """The parameters of a tariff in the course of time."""

    permission = "tariffs.view"
    model = Tariff
    template_name = "tariffs/tariff_versions.html"

    def refine(self, queryset: QuerySet[Tariff]) -> QuerySet[Tariff]:
        return queryset.filter(archived_at=None)

    def get_crumbs(self) -> list[Link]:
        return tariff_crumbs(self.object)

    def get_tabs(self) -> Any:
        return tariff_tabs(self.actor, self.object, "tariff_versions")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        versions = self.object.versions.order_by("-valid_from")
        return super().get_context_data(versions=versions, **kwargs)


class TariffCustomersView(TariffPart, ListView):
    """Who pays by a tariff now."""

    permission = "tariffs.view"
    model = TariffAssignment
    table_class = AssignmentTable
    tab = "tariff_customers"
    empty_icon = "users"
    empty_title = gettext_lazy("No customer pays by this tariff")
    empty_text = gettext_lazy("A tariff is chosen on the page of a customer.")

    def get_title(self) -> str:
        return str(self.tariff)

    def visible(self) -> QuerySet[TariffAssignment]:
        return assigned_customers(self.actor, self.tariff)


class TariffAccountsView(TariffPart, ListView):
    """The accounts that are charged by themselves at a tariff now."""

    permission = "tariffs.view"
    model = Tariff
    table_class = AccountPayerTable
    tab = "tariff_accounts"
    empty_icon = "phone"
    empty_title = gettext_lazy("No account pays by this tariff")
    empty_text = gettext_lazy("Accounts pay by a tariff where they are charged by themselves.")

    def get_title(self) -> str:
        return str(self.tariff)

    def get_crumbs(self) -> list[Link]:
        return tariff_crumbs()

    def visible(self) -> QuerySet[Any]:
        return accounts_paying(self.actor, self.tariff)
