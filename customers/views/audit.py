"""The audit log: what was done to the customers in scope, by whom, as whom."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from customers.filters import AuditFilter
from customers.models import AuditEvent
from customers.selectors import audit_rows
from customers.tables import AuditTable
from softswitch.core.views import ListView


class AuditListView(ListView):
    """Newest first; a user above the viewer's customer reads "Your provider"."""

    model = AuditEvent
    permission = "audit.view"
    title = _("Audit log")
    table_class = AuditTable
    filterset_class = AuditFilter

    def refine(self, queryset: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        return audit_rows(queryset, self.actor)
