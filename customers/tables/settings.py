"""Lists of what an owner defines: classes, their custom fields, business models."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from customers.choices import Kind
from softswitch.core.chrome import RowAction
from softswitch.core.display import listed
from softswitch.core.tables import (
    ActionsColumn,
    Column,
    LinkColumn,
    NumberColumn,
    Table,
    TextColumn,
)


class LabelsColumn(Column):
    """Several values of ``choices``, by label."""

    css = "soft"

    def __init__(self, choices: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.labels = {value: str(label) for value, label in choices.choices}

    def render(self, value: list[str]) -> str:
        return listed(self.labels[item] for item in value)

    def value(self, value: list[str]) -> str:
        return self.render(value)


class YesColumn(Column):
    """Yes, or a dash."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, empty_values=(None, False), **kwargs)

    def render(self, value: object) -> str:
        return str(_("Yes"))

    def value(self, value: object) -> str:
        return self.render(value)


class ClassTable(Table):
    """The classes of an owner."""

    name = LinkColumn(
        "customers:class_edit", verbose_name=_("Name"), second="description", ignore_case=True
    )
    customers = NumberColumn(verbose_name=_("Customers"))
    custom_fields = NumberColumn(verbose_name=_("Custom fields"), priority=1)
    invoice_settings = TextColumn(
        accessor="invoice_settings__name", verbose_name=_("Invoice settings"), priority=2
    )
    payment_term = TextColumn(
        accessor="payment_term__name", verbose_name=_("Payment term"), priority=2
    )
    tax = TextColumn(accessor="tax__name", verbose_name=_("Tax"), priority=2)
    actions = ActionsColumn(
        RowAction(_("Edit"), "customers:class_edit", "pencil-square"),
        RowAction(_("Custom fields"), "customers:class_fields", "list-bullet"),
        RowAction(_("Copy"), "customers:class_copy", "document-duplicate", post=True, more=True),
        RowAction(_("Delete"), "customers:class_delete", "x-mark", danger=True, more=True),
    )

    class Meta:
        order_by = "name"


class BusinessModelTable(Table):
    """The business models of an owner."""

    name = LinkColumn(
        "customers:business_model_edit",
        verbose_name=_("Name"),
        second="description",
        ignore_case=True,
    )
    customers = NumberColumn(verbose_name=_("Customers"))
    kinds = LabelsColumn(Kind, verbose_name=_("Kinds"), orderable=False, priority=2)
    actions = ActionsColumn(
        RowAction(_("Edit"), "customers:business_model_edit", "pencil-square"),
        RowAction(_("Delete"), "customers:business_model_delete", "x-mark", danger=True, more=True),
    )

    class Meta:
        order_by = "name"


def _is_live(record: Any, _actor: Any) -> bool:
    return record.archived_at is None


def _is_archived(record: Any, _actor: Any) -> bool:
    return record.archived_at is not None


class CustomFieldTable(Table):
    """The fields of a class in their order; archived ones last."""

    name = LinkColumn("customers:class_field_edit", verbose_name=_("Name"))
    kind = Column(verbose_name=_("Type"))
    is_mandatory = YesColumn(verbose_name=_("Mandatory"), priority=1)
    visibility = Column(verbose_name=_("The customer"), priority=1)
    is_personal = YesColumn(verbose_name=_("Personal data"), priority=2)
    default = TextColumn(verbose_name=_("Default"), priority=3)
    stored = NumberColumn(verbose_name=_("Customers with a value"), priority=2)
    actions = ActionsColumn(
        RowAction(_("Edit"), "customers:class_field_edit", "pencil-square"),
        RowAction(
            _("Archive"),
            "customers:class_field_archive",
            "archive-box",
            post=True,
            shown=_is_live,
        ),
        RowAction(
            _("Restore"),
            "customers:class_field_restore",
            "arrow-uturn-left",
            post=True,
            shown=_is_archived,
        ),
    )

    class Meta:
        order_by = ("is_archived", "position")

    def row_class(self, record: Any) -> str:
        return "off" if record.archived_at is not None else ""
