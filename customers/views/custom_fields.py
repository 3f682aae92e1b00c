"""The custom fields of a class: list, create, edit, archive, restore."""

from functools import cached_property
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.choices import Visibility
from customers.forms.custom_fields import CustomFieldForm
from customers.models import CustomerClass, CustomField
from customers.selectors.settings import field_rows
from customers.services.custom_fields import (
    archive_field,
    create_field,
    edit_field,
    restore_field,
)
from customers.tables.settings import CustomFieldTable
from customers.views.classes import EDIT, LIST, class_tabs
from softswitch.core.chrome import Action, Link, Tab
from softswitch.core.views import ActionView, CreateView, EditView, ListView
from softswitch.core.views.access import PageMixin, ScopedMixin, rows_of

FIELDS = "customers:class_fields"


class OfClassMixin(PageMixin):
    """Pages under the address of a class of the acting owner."""

    permission = "customers.edit"
    parent_model: ClassVar[type[Model]] = CustomerClass

    @cached_property
    def customer_class(self) -> CustomerClass:
        """The class of the URL: 404 if it is not the acting owner's."""
        own = rows_of(CustomerClass, self.actor).filter(owner_id=self.actor.customer_id)
        found: CustomerClass = get_object_or_404(own, pk=self.kwargs["pk"])
        return found

    def get_crumbs(self) -> list[Link]:
        edit = reverse(EDIT, args=[self.customer_class.pk])
        return [Link(_("Customer classes"), reverse(LIST)), Link(self.customer_class.name, edit)]


class CustomFieldListView(OfClassMixin, ListView):
    """The fields of a class, archived ones last."""

    model = CustomField
    table_class = CustomFieldTable
    empty_icon = "list-bullet"
    empty_title = gettext_lazy("No custom fields yet")
    empty_text = gettext_lazy("Customers of this class have a further field for each.")

    def refine(self, queryset: QuerySet[CustomField]) -> QuerySet[Any]:
        return field_rows(queryset, self.customer_class.pk)

    def get_title(self) -> str:
        return self.customer_class.name

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Customer classes"), reverse(LIST))]

    def get_tabs(self) -> list[Tab]:
        return class_tabs(self.customer_class, "fields")

    def get_actions(self) -> list[Action]:
        url = reverse("customers:class_field_add", args=[self.customer_class.pk])
        return [Action(_("New field"), url, "plus", primary=True)]


class CustomFieldCreateView(OfClassMixin, CreateView):
    """One more field for the customers of the class."""

    model = CustomField
    form_class = CustomFieldForm
    edit_url_name = "customers:class_field_edit"

    def get_title(self) -> str:
        return _("New field of %(name)s") % {"name": self.customer_class}

    def get_initial(self) -> dict[str, Any]:
        return {"visibility": Visibility.HIDDEN}

    def get_list_url(self) -> str:
        return reverse(FIELDS, args=[self.customer_class.pk])

    def service(self, form: CustomFieldForm) -> CustomField:
        return create_field(
            actor=self.actor, customer_class=self.customer_class, **form.cleaned_data
        )


class OwnFieldMixin(ScopedMixin):
    """The fields of the acting owner's classes."""

    permission = "customers.edit"
    model = CustomField

    def refine(self, queryset: QuerySet[CustomField]) -> QuerySet[CustomField]:
        own = queryset.filter(customer_class__owner=self.actor.customer_id)
        return own.select_related("customer_class")


class CustomFieldEditView(OwnFieldMixin, EditView):
    """What a field asks for; the values that customers have stay valid."""

    form_class = CustomFieldForm
    edit_url_name = "customers:class_field_edit"

    def get_title(self) -> str:
        return _("Edit %(name)s") % {"name": self.object}

    def get_crumbs(self) -> list[Link]:
        row = self.object.customer_class
        fields = reverse(FIELDS, args=[row.pk])
        return [Link(_("Customer classes"), reverse(LIST)), Link(row.name, fields)]

    def get_initial(self) -> dict[str, Any]:
        row = self.object
        values = {name: getattr(row, name) for name in CustomFieldForm.base_fields}
        return values | {"options": "\n".join(row.options)}

    def get_list_url(self) -> str:
        return reverse(FIELDS, args=[self.object.customer_class_id])

    def service(self, form: CustomFieldForm) -> CustomField:
        row: CustomField = self.object
        edit_field(actor=self.actor, field=row, values=form.cleaned_data)
        return row


class FieldActionView(OwnFieldMixin, ActionView):
    """One button on a field; back to the fields of its class."""

    def get_return_url(self) -> str:
        return reverse(FIELDS, args=[self.object.customer_class_id])


class CustomFieldArchiveView(FieldActionView):
    success_message = gettext_lazy("Archived. What customers have in it is kept.")

    def service(self, obj: CustomField) -> None:
        archive_field(actor=self.actor, field=obj)


class CustomFieldRestoreView(FieldActionView):
    success_message = gettext_lazy("Restored with its values.")

    def service(self, obj: CustomField) -> None:
        restore_field(actor=self.actor, field=obj)
