"""Business models: list, create, edit, delete."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.filters import BusinessModelFilter
from customers.forms.business_models import BusinessModelForm
from customers.models import BusinessModel
from customers.permissions import DEFAULT_GRANTS
from customers.selectors.settings import business_model_rows, uses_of_model
from customers.services.business_models import (
    create_business_model,
    delete_business_model,
    edit_business_model,
)
from customers.tables.settings import BusinessModelTable
from softswitch.core.chrome import Action, Link
from softswitch.core.display import listed
from softswitch.core.views import ConfirmView, CreateView, EditView, ListView
from softswitch.core.views.access import ScopedMixin

LIST = "customers:business_model_list"
EDIT = "customers:business_model_edit"


class OwnModelMixin(ScopedMixin):
    """The business models of the acting owner."""

    permission = "customers.edit"
    model = BusinessModel

    def refine(self, queryset: QuerySet[BusinessModel]) -> QuerySet[Any]:
        return business_model_rows(queryset, self.actor)


class BusinessModelListView(OwnModelMixin, ListView):
    """All business models, with how many customers each has."""

    title = gettext_lazy("Business models")
    table_class = BusinessModelTable
    filterset_class = BusinessModelFilter
    empty_icon = "briefcase"
    empty_title = gettext_lazy("No business models yet")
    empty_text = gettext_lazy("Once there is one, each new customer is of one of them.")

    def get_actions(self) -> list[Action]:
        url = reverse("customers:business_model_create")
        return [Action(_("New business model"), url, "plus", primary=True)]


class ModelFormMixin:
    """Where the form of a business model leads."""

    list_url_name = LIST
    edit_url_name = EDIT

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Business models"), reverse(LIST))]


class BusinessModelCreateView(ModelFormMixin, OwnModelMixin, CreateView):
    """A new business model, with the usual features ticked."""

    form_class = BusinessModelForm
    title = gettext_lazy("New business model")

    def get_initial(self) -> dict[str, Any]:
        return {"rights": sorted(DEFAULT_GRANTS), "account_kinds": ["sip", "card"]}

    def service(self, form: BusinessModelForm) -> BusinessModel:
        return create_business_model(actor=self.actor, **form.cleaned_data)


class BusinessModelEditView(ModelFormMixin, OwnModelMixin, EditView):
    """What its customers can be and do; a feature that goes, goes at once."""

    form_class = BusinessModelForm
    success_message = gettext_lazy("Saved. It counts at once, in the whole subtree.")

    def get_title(self) -> str:
        return str(self.object)

    def get_meta(self) -> str:
        return _("Customers: %(count)s") % {"count": self.object.customers}

    def get_actions(self) -> list[Action]:
        delete = reverse("customers:business_model_delete", args=[self.object.pk])
        return [Action(_("Delete"), delete, "x-mark", danger=True, more=True)]

    def get_initial(self) -> dict[str, Any]:
        return {name: getattr(self.object, name) for name in BusinessModelForm.base_fields}

    def service(self, form: BusinessModelForm) -> BusinessModel:
        row: BusinessModel = self.object
        edit_business_model(actor=self.actor, business_model=row, values=form.cleaned_data)
        return row


class BusinessModelDeleteView(OwnModelMixin, ConfirmView):
    """Only a model without customers goes."""

    return_url_name = LIST
    success_message = gettext_lazy("Deleted.")

    def get_title(self) -> str:
        return _("Delete %(name)s?") % {"name": self.object}

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Business models"), reverse(LIST))]

    def get_warning(self) -> str:
        used = listed(uses_of_model(self.object))
        return _("In use: %(uses)s.") % {"uses": used} if used else ""

    def get_facts(self) -> Iterable[tuple[str, str]]:
        yield _("Goes"), _("The business model. No customer has it.")

    def service(self, obj: BusinessModel) -> None:
        delete_business_model(actor=self.actor, business_model=obj)
