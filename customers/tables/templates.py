"""The list of an owner's customer templates."""

from django.utils.translation import gettext_lazy as _

from softswitch.core.chrome import RowAction
from softswitch.core.tables import (
    ActionsColumn,
    DateTimeColumn,
    LinkColumn,
    Table,
    TextColumn,
)


class TemplateTable(Table):
    """Templates by name; the first action opens the wizard by one."""

    name = LinkColumn("customers:template_edit", verbose_name=_("Name"))
    description = TextColumn(verbose_name=_("Description"), priority=1)
    updated_at = DateTimeColumn(verbose_name=_("Changed"), priority=2)
    actions = ActionsColumn(
        RowAction(_("Create a customer by it"), "customers:template_use", "user-plus", post=True),
        RowAction(_("Edit"), "customers:template_edit", "pencil-square"),
        RowAction(_("Copy"), "customers:template_copy", "document-duplicate", post=True, more=True),
        RowAction(_("Delete"), "customers:template_delete", "x-mark", more=True, danger=True),
    )

    class Meta:
        order_by = "name"
