"""Trunks and their hosts: lists, detail, create, edit, add and remove a host."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import ResourceStatus
from accounts.filters import HostFilter, TrunkFilter
from accounts.forms import HostForm, NewTrunkForm, TrunkForm
from accounts.models import Host, Trunk
from accounts.selectors import current_hosts, live_trunks, trunk_for_edit
from accounts.services.hosts import NewHost, add_host, remove_host
from accounts.services.trunks import create_trunk, edit_trunk
from accounts.tables import HostTable, TrunkTable, is_near
from softswitch.core import display
from softswitch.core.chrome import Action, Link
from softswitch.core.views import ConfirmView, CreateView, DetailView, EditView, ListView


class TrunkListView(ListView):
    """The trunks of the actor's subtree."""

    model = Trunk
    permission = "trunks.view"
    title = gettext_lazy("Trunks")
    table_class = TrunkTable
    filterset_class = TrunkFilter
    empty_icon = "server-stack"
    empty_title = gettext_lazy("No trunks yet")
    empty_text = gettext_lazy("Calls come in through a trunk from the addresses of its hosts.")

    def refine(self, queryset: QuerySet[Trunk]) -> QuerySet[Trunk]:
        return live_trunks(queryset)

    def get_actions(self) -> list[Action]:
        url = reverse("accounts:trunk_create")
        return [Action(_("New trunk"), url, "plus", "trunks.add", primary=True)]


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

    def refine(self, queryset: QuerySet[Host]) -> QuerySet[Host]:
        return current_hosts(queryset)


class TrunkDetailView(DetailView):
    """One trunk with its hosts."""

    model = Trunk
    permission = "trunks.view"
    template_name = "accounts/trunk_detail.html"

    def refine(self, queryset: QuerySet[Trunk]) -> QuerySet[Trunk]:
        return live_trunks(queryset)

    def get_status(self) -> ResourceStatus:
        return ResourceStatus(self.object.status)

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Trunks"), reverse("accounts:trunk_list"))]

    def get_actions(self) -> list[Action]:
        if not is_near(self.object.customer, self.actor):
            return []
        edit, host = (
            reverse(f"accounts:{name}", args=[self.object.pk])
            for name in ("trunk_edit", "host_create")
        )
        return [
            Action(_("Add a host"), host, "plus", "trunks.edit"),
            Action(_("Edit"), edit, "pencil-square", "trunks.edit", primary=True),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        trunk = self.object
        facts = [
            (_("Customer"), trunk.customer),
            (_("In service since"), display.datetime_text(trunk.opened_at)),
            (_("Call limit"), trunk.call_limit),
            (_("CPS limit"), trunk.cps_limit),
        ]
        may_edit = is_near(trunk.customer, self.actor) and self.actor.can("trunks.edit")
        hosts = trunk.hosts.current().order_by("network", "tech_prefix")
        return super().get_context_data(facts=facts, hosts=hosts, may_edit=may_edit, **kwargs)


class TrunkCreateView(CreateView):
    """A new trunk of the actor's customer or of a direct one."""

    model = Trunk
    permission = "trunks.add"
    title = gettext_lazy("New trunk")
    form_class = NewTrunkForm
    list_url_name = "accounts:trunk_list"
    edit_url_name = "accounts:trunk_edit"
    detail_url_name = "accounts:trunk_detail"

    def get_initial(self) -> dict[str, Any]:
        return {"customer": self.request.GET.get("customer") or self.actor.customer_id}

    def service(self, form: NewTrunkForm) -> Trunk:
        values = dict(form.cleaned_data)
        tech_prefix = values.pop("tech_prefix")
        hosts = [NewHost(network, tech_prefix) for network in values.pop("hosts")]
        return create_trunk(actor=self.actor, hosts=hosts, opened_at=values.pop("since"), **values)


class OwnTrunkMixin(EditView):
    """Trunks that the actor may change: its customer's own, or a direct customer's."""

    model = Trunk
    permission = "trunks.edit"
    list_url_name = "accounts:trunk_list"
    detail_url_name = "accounts:trunk_detail"

    def check_object(self, obj: Trunk) -> None:
        if not is_near(obj.customer, self.actor):
            raise PermissionDenied


class TrunkEditView(OwnTrunkMixin):
    """Name, status and limits."""

    form_class = TrunkForm
    edit_url_name = "accounts:trunk_edit"

    def get_title(self) -> str:
        return _("Edit %(name)s") % {"name": self.object}

    def service(self, form: TrunkForm) -> Trunk:
        trunk = trunk_for_edit(self.object.pk)
        return edit_trunk(actor=self.actor, trunk=trunk, values=form.cleaned_data)


class HostCreateView(OwnTrunkMixin):
    """A host that leads to the trunk from now on."""

    form_class = HostForm

    def get_title(self) -> str:
        return _("Add a host to %(name)s") % {"name": self.object}

    def service(self, form: HostForm) -> Trunk:
        add_host(actor=self.actor, trunk=self.object, host=NewHost(**form.cleaned_data))
        trunk: Trunk = self.object
        return trunk


class HostRemoveView(ConfirmView):
    """Ends a host now."""

    model = Host
    permission = "trunks.edit"
    success_message = gettext_lazy("The host was removed.")

    def refine(self, queryset: QuerySet[Host]) -> QuerySet[Host]:
        return current_hosts(queryset)

    def check_object(self, obj: Host) -> None:
        if not is_near(obj.trunk.customer, self.actor):
            raise PermissionDenied

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
