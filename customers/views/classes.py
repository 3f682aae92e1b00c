"""Customer classes: list, create, edit, copy, delete."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.filters import ClassFilter
from customers.forms.classes import ClassForm
from customers.forms.parameters import initial_of
from customers.models import CustomerClass
from customers.selectors.settings import class_rows, uses_of_class
from customers.services.classes import copy_class, create_class, delete_class, edit_class
from customers.tables.settings import ClassTable
from softswitch.core.chrome import Action, Link, Tab
from softswitch.core.display import listed
from softswitch.core.views import ActionView, ConfirmView, CreateView, EditView, ListView
from softswitch.core.views.access import ScopedMixin

LIST = "customers:class_list"
EDIT = "customers:class_edit"
COPY = "customers:class_copy"


def class_tabs(customer_class: CustomerClass, current: str) -> list[Tab]:
    """The two parts of a class: its parameters and its custom fields."""
    args = [customer_class.pk]
    return [
        Tab(_("Parameters"), reverse(EDIT, args=args), current == "parameters"),
        Tab(_("Custom fields"), reverse("customers:class_fields", args=args), current == "fields"),
    ]


class OwnClassMixin(ScopedMixin):
    """The classes of the acting owner: those below it are reached by switching."""

    permission = "customers.edit"
    model = CustomerClass

    def refine(self, queryset: QuerySet[CustomerClass]) -> QuerySet[Any]:
        return class_rows(queryset, self.actor)


class ClassListView(OwnClassMixin, ListView):
    """All classes, with how many customers each has."""

    title = gettext_lazy("Customer classes")
    table_class = ClassTable
    filterset_class = ClassFilter
    empty_icon = "rectangle-group"
    empty_title = gettext_lazy("No classes yet")
    empty_text = gettext_lazy("A class holds parameters that many customers share.")

    def enrich(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.select_related("invoice_settings", "payment_term", "tax")

    def get_actions(self) -> list[Action]:
        url = reverse("customers:class_create")
        return [Action(_("New class"), url, "plus", primary=True)]


class ClassFormMixin:
    """Where the form of a class leads."""

    list_url_name = LIST
    edit_url_name = EDIT

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Customer classes"), reverse(LIST))]


class ClassCreateView(ClassFormMixin, OwnClassMixin, CreateView):
    """A new class; what stays empty is the product's default."""

    form_class = ClassForm
    title = gettext_lazy("New class")

    def service(self, form: ClassForm) -> CustomerClass:
        data = form.cleaned_data
        return create_class(
            actor=self.actor,
            name=data["name"],
            description=data["description"],
            parameters=form.parameter_values(),
        )


class ClassEditView(ClassFormMixin, OwnClassMixin, EditView):
    """Changes count at once for all customers that inherit them."""

    form_class = ClassForm
    success_message = gettext_lazy("Saved. It counts for all customers of the class.")

    def get_title(self) -> str:
        return str(self.object)

    def get_meta(self) -> str:
        return _("Customers: %(count)s") % {"count": self.object.customers}

    def get_tabs(self) -> list[Tab]:
        return class_tabs(self.object, "parameters")

    def get_actions(self) -> list[Action]:
        args = [self.object.pk]
        delete = reverse("customers:class_delete", args=args)
        return [
            Action(_("Copy"), reverse(COPY, args=args), "document-duplicate", post=True),
            Action(_("Delete"), delete, "x-mark", danger=True, more=True),
        ]

    def get_initial(self) -> dict[str, Any]:
        row = self.object
        return initial_of(row) | {"name": row.name, "description": row.description}

    def service(self, form: ClassForm) -> CustomerClass:
        row: CustomerClass = self.object
        named = {name: form.cleaned_data[name] for name in ("name", "description")}
        edit_class(actor=self.actor, customer_class=row, values=named | form.parameter_values())
        return row


class ClassCopyView(OwnClassMixin, ActionView):
    """One button: the same class under another name, open for editing."""

    success_message = gettext_lazy("Copied. The copy has no customers yet.")
    made: CustomerClass

    def service(self, obj: CustomerClass) -> None:
        self.made = copy_class(actor=self.actor, customer_class=obj)

    def get_return_url(self) -> str:
        return reverse(EDIT, args=[self.made.pk])


class ClassDeleteView(OwnClassMixin, ConfirmView):
    """Only a class without customers goes."""

    return_url_name = LIST
    success_message = gettext_lazy("Deleted.")

    def get_title(self) -> str:
        return _("Delete %(name)s?") % {"name": self.object}

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Customer classes"), reverse(LIST))]

    def get_warning(self) -> str:
        used = listed(uses_of_class(self.object))
        return _("In use: %(uses)s.") % {"uses": used} if used else ""

    def get_facts(self) -> Iterable[tuple[str, str]]:
        yield _("Goes"), _("The class with its parameters and custom fields.")

    def service(self, obj: CustomerClass) -> None:
        delete_class(actor=self.actor, customer_class=obj)
