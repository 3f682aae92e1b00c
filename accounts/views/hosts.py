"""Hosts: the list with the limits of every level, add, edit, remove."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.filters import HostFilter
from accounts.forms import EditHostForm, HostForm
from accounts.forms.limits import HostLimitsForm
from accounts.models import Host
from accounts.selectors import current_hosts
from accounts.services.hosts import NewHost, add_host, edit_host, remove_host
from accounts.services.trunks import set_host_limits
from accounts.tables import HostTable, is_near
from accounts.views.trunks import OwnTrunkMixin, trunk_crumbs
from softswitch.core.chrome import Link
from softswitch.core.views import ConfirmView, EditView, ListView, RowEditView
from softswitch.core.views.access import ScopedMixin


class HostListView(ListView):
    """All hosts of the actor's subtree, with the limits at each level."""

    model = Host
    permission = "trunks.view"
    title = gettext_lazy("Hosts")
    table_class = HostTable
    filterset_class = HostFilter
    empty_icon = "server"
    empty_title = gettext_lazy("No hosts yet")
    empty_text = gettext_lazy("Hosts are added on the page of a trunk.")
    edits_in_place = True

    def refine(self, queryset: QuerySet[Host]) -> QuerySet[Host]:
        return current_hosts(queryset)

    def get_meta(self) -> str:
        return _("A dash is no limit, 0 allows no calls. The smallest limit of a row counts.")


class HostCreateView(OwnTrunkMixin, EditView):
    """A host that leads to the trunk from now on."""

    form_class = HostForm
    detail_url_name = "accounts:trunk_detail"

    def get_title(self) -> str:
        return _("Add a host to %(name)s") % {"name": self.object}

    def get_crumbs(self) -> list[Link]:
        return trunk_crumbs(self.object)

    def service(self, form: HostForm) -> Any:
        add_host(actor=self.actor, trunk=self.object, host=NewHost(**form.cleaned_data))
        return self.object


class NearHostMixin(ScopedMixin):
    """Hosts of live trunks that the actor may change."""

    model = Host
    permission = "trunks.edit"

    def refine(self, queryset: QuerySet[Host]) -> QuerySet[Host]:
        return current_hosts(queryset)

    def check_object(self, obj: Host) -> None:
        if not is_near(obj.trunk.customer, self.actor):
            raise PermissionDenied(_("Its customer does this. Switch to it first."))

    def get_crumbs(self) -> list[Link]:
        return trunk_crumbs(self.object.trunk)


class HostEditView(NearHostMixin, EditView):
    """Address, tech prefix, port, status and limits of a host."""

    form_class = EditHostForm
    success_message = gettext_lazy("Saved. Another address counts for calls from now on.")

    def get_title(self) -> str:
        return _("Edit %(host)s") % {"host": self.object}

    def get_initial(self) -> dict[str, Any]:
        return {name: getattr(self.object, name) for name in EditHostForm.base_fields}

    def service(self, form: EditHostForm) -> Host:
        return edit_host(actor=self.actor, host=self.object, values=form.cleaned_data)

    def get_stay_url(self, saved: Any) -> str:
        pk = saved.pk if saved is not None else self.object.pk
        return reverse("accounts:host_edit", args=[pk])

    def get_close_url(self, saved: Any) -> str:
        return reverse("accounts:trunk_detail", args=[self.object.trunk_id])


class HostLimitsView(NearHostMixin, RowEditView):
    """The limits of a host and of its trunk, in the host's row of the list."""

    form_class = HostLimitsForm
    table_class = HostTable
    list_url_name = "accounts:host_list"

    def get_title(self) -> str:
        return _("Limits of %(host)s") % {"host": self.object}

    def get_initial(self) -> dict[str, Any]:
        trunk = self.object.trunk
        return {
            "trunk_calls": trunk.call_limit,
            "trunk_cps": trunk.cps_limit,
            "call_limit": self.object.call_limit,
            "cps_limit": self.object.cps_limit,
        }

    def changes_other_rows(self, form: Any) -> bool:
        """The other hosts of the trunk show its limits too."""
        return bool({"trunk_calls", "trunk_cps"} & set(form.changed_data))

    def service(self, form: HostLimitsForm) -> Host:
        data = form.cleaned_data
        set_host_limits(
            actor=self.actor,
            host=self.object,
            of_trunk=(data["trunk_calls"], data["trunk_cps"]),
            of_host=(data["call_limit"], data["cps_limit"]),
        )
        host: Host = self.object
        return host


class HostRemoveView(NearHostMixin, ConfirmView):
    """Ends a host now."""

    success_message = gettext_lazy("The host was removed.")

    def get_title(self) -> str:
        return _("Remove %(host)s") % {"host": self.object}

    def get_facts(self) -> list[tuple[str, Any]]:
        return [
            (_("Trunk"), self.object.trunk),
            (_("From now on"), _("Calls from this address are not known to be of this trunk.")),
            (_("Stays"), _("Calls that started before, and their charges.")),
        ]

    def service(self, obj: Host) -> None:
        remove_host(actor=self.actor, host=obj)

    def get_return_url(self) -> str:
        return reverse("accounts:trunk_detail", args=[self.object.trunk_id])
