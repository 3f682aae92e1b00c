"""Pages over customers, declared as an app would, for the tests of the generic views."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.generic import View

from customers.choices import Kind
from customers.models import AuditEvent, Customer
from softswitch.core.chrome import Action, Badge, BulkAction, Link, RowAction, Tab
from softswitch.core.errors import DomainError
from softswitch.core.filters import ChoiceFilter, FilterSet, SinceFilter, TextFilter
from softswitch.core.forms import IdempotentFormMixin, ScopedForm, ScopedModelForm, Section
from softswitch.core.tables import (
    ActionsColumn,
    DateTimeColumn,
    LinkColumn,
    NumberColumn,
    SelectColumn,
    Table,
    TextColumn,
)
from softswitch.core.views import (
    ActionView,
    ConfirmView,
    CreateView,
    DetailView,
    EditView,
    FormView,
    ListView,
)


class CustomerTable(Table):
    select = SelectColumn()
    name = LinkColumn("customers:customer_detail", narrow=("kind",), ignore_case=True)
    company_name = TextColumn(priority=3)
    kind = TextColumn(priority=1, css="soft")
    call_limit = NumberColumn(priority=2)
    opened_at = DateTimeColumn(priority=2)
    actions = ActionsColumn(
        RowAction("Edit", "customers:customer_edit", "pencil-square", right="customers.edit"),
        RowAction("Archive", "customers:customer_archive", "trash", danger=True, more=True),
    )

    class Meta:
        order_by = "name"


class CustomerFilter(FilterSet):
    name = TextFilter(label="Name")
    kind = ChoiceFilter(choices=Kind.choices, label="Kind")
    since = SinceFilter(field_name="opened_at", label="In service since")


def close(*, actor: Any, record: Customer) -> None:
    if record.kind == Kind.VIRTUAL:
        raise DomainError("virtual", "is virtual")
    Customer.objects.filter(pk=record.pk).update(status="closed")


class CustomerList(ListView):
    permission = "customers.view"
    model = Customer
    title = "Customers"
    table_class = CustomerTable
    filterset_class = CustomerFilter
    empty_title = "No customers yet"
    bulk_actions = (BulkAction("close", "Close", close, icon="pause", right="customers.edit"),)

    def get_meta(self) -> str:
        return "Direct customers and all below them."

    def get_actions(self) -> list[Action]:
        return [Action("New customer", "/customers/new/", "plus", "customers.add", primary=True)]


class CustomerDetail(DetailView):
    permission = "customers.view"
    model = Customer

    def get_status(self) -> Badge:
        return Badge("Active", "ok")

    def get_crumbs(self) -> list[Link]:
        return [Link("Customers", "/customers/")]

    def get_tabs(self) -> list[Tab]:
        return [Tab("Overview", "#", is_current=True), Tab("Accounts", "#", count=3)]


class CustomerForm(ScopedModelForm):
    sections = (
        Section("Basic", ("name", "kind", "owner"), help="The name is unique in the whole system."),
        Section("Limits", ("call_limit",)),
    )
    widths = {"name": 4, "kind": 2, "call_limit": 2}
    owner = forms.ModelChoiceField(Customer.objects.all(), required=False)

    class Meta:
        model = Customer
        fields = ("name", "kind", "call_limit")


class CustomerEdit(EditView):
    permission = "customers.edit"
    model = Customer
    form_class = CustomerForm
    title = "Edit customer"
    list_url_name = "customers:customer_list"
    edit_url_name = "customers:customer_edit"

    def service(self, form: Any) -> Customer:
        if form.cleaned_data["name"] == "Taken":
            raise DomainError("taken", "This name is taken.", field="name")
        if form.cleaned_data["name"] == "Closed":
            raise DomainError("closed", "The books are closed.", field="unknown")
        customer: Customer = self.object
        customer.save()
        return customer


class CustomerCreate(CreateView):
    """Changes the row whose pk the test gives as call limit, in scope or not."""

    permission = "customers.add"
    model = Customer
    form_class = CustomerForm
    title = "New customer"
    list_url_name = "customers:customer_list"
    edit_url_name = "customers:customer_edit"

    def service(self, form: Any) -> Customer:
        customer: Customer = Customer.objects.get(pk=form.cleaned_data["call_limit"])
        Customer.objects.filter(pk=customer.pk).update(call_limit=77)
        return customer


class CustomerArchive(ConfirmView):
    permission = "customers.delete"
    model = Customer
    return_url_name = "customers:customer_list"

    def get_title(self) -> str:
        return f"Archive {self.object}?"

    def get_facts(self) -> list[tuple[str, str]]:
        return [("Leaves the lists", "The customer.")]

    def service(self, obj: Customer) -> None:
        close(actor=self.actor, record=obj)


class CustomerClose(ActionView):
    permission = "customers.edit"
    model = Customer
    return_url_name = "customers:customer_list"

    def service(self, obj: Customer) -> None:
        close(actor=self.actor, record=obj)


class PaymentForm(IdempotentFormMixin, ScopedForm):
    amount = forms.DecimalField(min_value=0, decimal_places=2)


class Payment(FormView):
    form_class = PaymentForm
    title = "Payment"
    list_url_name = "customers:customer_list"

    def service(self, form: Any) -> None:
        pass


class AuditList(ListView):
    is_for_accounts = False
    model = AuditEvent
    title = "Audit"
    table_class = type("AuditTable", (Table,), {"action": TextColumn()})
    empty_title = "Nothing happened yet"


class Plain(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("ok")


customers = [
    path("", CustomerList.as_view(), name="customer_list"),
    path("new/", CustomerCreate.as_view(), name="customer_create"),
    path("<int:pk>/", CustomerDetail.as_view(), name="customer_detail"),
    path("<int:pk>/edit/", CustomerEdit.as_view(), name="customer_edit"),
    path("<int:pk>/archive/", CustomerArchive.as_view(), name="customer_archive"),
    path("<int:pk>/close/", CustomerClose.as_view(), name="customer_close"),
    path("audit/", AuditList.as_view(), name="audit_list"),
    path("pay/", Payment.as_view(), name="payment"),
    path("back/", Plain.as_view(), name="switch_back"),
]
urlpatterns = [
    path("", Plain.as_view(), name="dashboard"),
    path("login/", Plain.as_view(), name="login"),
    path("logout/", Plain.as_view(), name="logout"),
    path("customers/", include((customers, "customers"))),
]
handler404 = "softswitch.core.views.errors.not_found"
handler403 = "softswitch.core.views.errors.forbidden"
handler500 = "softswitch.core.views.errors.server_error"
