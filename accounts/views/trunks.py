"""Trunks: lists, detail, create, edit, status, and the end of one."""

from typing import Any, ClassVar
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import ResourceStatus
from accounts.filters import TrunkFilter, TrunksOfFilter
from accounts.forms import NewTrunkForm, TrunkForm
from accounts.models import Trunk
from accounts.selectors import live_trunks, trunk_for_edit
from accounts.selectors.limits import host_limits, trunk_limits
from accounts.services.hosts import NewHost
from accounts.services.trunks import archive_trunk, create_trunk, edit_trunk, set_status
from accounts.tables import TrunkTable, is_near
from billing.selectors.standing import call_standing_of
from customers.models import Customer
from softswitch.core import display
from softswitch.core.chrome import Action, BulkAction, Link
from softswitch.core.views import (
    ActionView,
    ConfirmView,
    CreateView,
    DetailView,
    EditView,
    ListView,
)
from softswitch.core.views.access import ScopedMixin, rows_of

LIST = "accounts:trunk_list"
DETAIL = "accounts:trunk_detail"


def activate(*, actor: Any, record: Trunk) -> None:
    """Let calls come in through a trunk again."""
    set_status(actor=actor, trunk=record, status=ResourceStatus.ACTIVE)


def deactivate(*, actor: Any, record: Trunk) -> None:
    """Let no call come in through a trunk."""
    set_status(actor=actor, trunk=record, status=ResourceStatus.INACTIVE)


def delete(*, actor: Any, record: Trunk) -> None:
    """Archive a trunk with its hosts."""
    archive_trunk(actor=actor, trunk=record)


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
    bulk_actions = (
        BulkAction("activate", gettext_lazy("Activate"), activate, "play", "trunks.edit"),
        BulkAction("deactivate", gettext_lazy("Deactivate"), deactivate, "pause", "trunks.edit"),
        BulkAction(
            "delete",
            gettext_lazy("Delete"),
            delete,
            "x-mark",
            "trunks.delete",
            danger=True,
            confirm=True,
        ),
    )

    def refine(self, queryset: QuerySet[Trunk]) -> QuerySet[Trunk]:
        return live_trunks(queryset)

    def get_actions(self) -> list[Action]:
        url = reverse("accounts:trunk_create")
        return [Action(_("New trunk"), url, "plus", "trunks.add", primary=True)]


class TrunksOfView(TrunkListView):
    """The trunks of one customer."""

    parent_model: ClassVar[type[Model]] = Customer
    filterset_class = TrunksOfFilter

    def refine(self, queryset: QuerySet[Trunk]) -> QuerySet[Trunk]:
        return super().refine(queryset).filter(customer=self.customer)

    @property
    def customer(self) -> Customer:
        found: Customer = get_object_or_404(rows_of(Customer, self.actor), pk=self.kwargs["pk"])
        return found

    def get_title(self) -> str:
        return _("Trunks of %(name)s") % {"name": self.customer}

    def get_crumbs(self) -> list[Link]:
        url = reverse("customers:customer_detail", args=[self.kwargs["pk"]])
        return [Link(self.customer.name, url)]

    def get_actions(self) -> list[Action]:
        if not is_near(self.customer, self.actor):
            return []
        url = f"{reverse('accounts:trunk_create')}?customer={self.kwargs['pk']}"
        return [Action(_("New trunk"), url, "plus", "trunks.add", primary=True)]


class TrunkDetailView(DetailView):
    """One trunk: its hosts, and the limits of every level side by side."""

    model = Trunk
    permission = "trunks.view"
    template_name = "accounts/trunk_detail.html"

    def refine(self, queryset: QuerySet[Trunk]) -> QuerySet[Trunk]:
        return live_trunks(queryset)

    def get_status(self) -> ResourceStatus:
        return ResourceStatus(self.object.status)

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Trunks"), reverse(LIST))]

    def get_actions(self) -> list[Action]:
        trunk = self.object
        calls = reverse("calls:call_list") + "?" + urlencode({"customer": trunk.customer.name})
        seen = [Action(_("Calls"), calls, "phone-arrow-up-right", "cdrs.view")]
        if not is_near(trunk.customer, self.actor):
            return seen
        return seen + trunk_actions(trunk, is_owner=trunk.customer_id != self.actor.customer_id)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        trunk = self.object
        facts = [
            (_("Customer"), trunk.customer),
            (_("In service since"), display.datetime_text(trunk.opened_at)),
        ]
        if trunk.disabled_by_alert_at is not None:
            since = display.datetime_text(trunk.disabled_by_alert_at)
            facts.append((_("Disabled by a low balance since"), since))
        standing = call_standing_of(self.actor, trunk.customer)
        hosts = list(trunk.hosts.current().order_by("network", "tech_prefix"))
        for host in hosts:
            host.trunk = trunk
        return super().get_context_data(
            facts=facts,
            limits=trunk_limits(trunk, standing),
            hosts=[(host, host_limits(host, standing)) for host in hosts],
            may_edit=is_near(trunk.customer, self.actor) and self.actor.can("trunks.edit"),
            **kwargs,
        )


def trunk_actions(trunk: Trunk, *, is_owner: bool) -> list[Action]:
    """The buttons of a trunk's page for who may change it.

    Its customer's owner may also keep off what a low balance has disabled.
    """

    def item(
        label: str, name: str, icon: str, right: str = "trunks.edit", **options: Any
    ) -> Action:
        return Action(label, reverse(f"accounts:{name}", args=[trunk.pk]), icon, right, **options)

    items = [
        item(_("Add a host"), "host_create", "plus"),
        item(_("Edit"), "trunk_edit", "pencil-square", primary=True),
    ]
    if trunk.status == ResourceStatus.ACTIVE:
        items.append(item(_("Deactivate"), "trunk_deactivate", "pause", post=True, more=True))
    else:
        items.append(item(_("Activate"), "trunk_activate", "play", post=True, more=True))
    if is_owner and trunk.disabled_by_alert_at is not None:
        items.append(item(_("Keep it off"), "trunk_deactivate", "pause", post=True, more=True))
    delete = item(_("Delete"), "trunk_archive", "x-mark", "trunks.delete", danger=True, more=True)
    return [*items, delete]


class TrunkCreateView(CreateView):
    """A new trunk of the actor's customer or of a direct one."""

    model = Trunk
    permission = "trunks.add"
    title = gettext_lazy("New trunk")
    form_class = NewTrunkForm
    list_url_name = LIST
    edit_url_name = "accounts:trunk_edit"
    detail_url_name = DETAIL

    def get_initial(self) -> dict[str, Any]:
        return {"customer": self.request.GET.get("customer") or self.actor.customer_id}

    def service(self, form: NewTrunkForm) -> Trunk:
        values = dict(form.cleaned_data)
        tech_prefix = values.pop("tech_prefix")
        hosts = [NewHost(network, tech_prefix) for network in values.pop("hosts")]
        return create_trunk(actor=self.actor, hosts=hosts, opened_at=values.pop("since"), **values)


class OwnTrunkMixin(ScopedMixin):
    """Live trunks that the actor may change: its customer's own, or a direct customer's."""

    model = Trunk
    permission = "trunks.edit"

    def refine(self, queryset: QuerySet[Trunk]) -> QuerySet[Trunk]:
        return live_trunks(queryset)

    def check_object(self, obj: Trunk) -> None:
        if not is_near(obj.customer, self.actor):
            raise PermissionDenied(_("Its customer does this. Switch to it first."))


class TrunkEditView(OwnTrunkMixin, EditView):
    """Name, status and limits."""

    form_class = TrunkForm
    list_url_name = LIST
    edit_url_name = "accounts:trunk_edit"
    detail_url_name = DETAIL

    def get_title(self) -> str:
        return _("Edit %(name)s") % {"name": self.object}

    def get_crumbs(self) -> list[Link]:
        return trunk_crumbs(self.object)

    def service(self, form: TrunkForm) -> Trunk:
        """Only what the person has changed: a status left as it is is no decision about it."""
        values = {name: form.cleaned_data[name] for name in form.changed_data}
        return edit_trunk(actor=self.actor, trunk=trunk_for_edit(self.object.pk), values=values)


class TrunkStatusView(OwnTrunkMixin, ActionView):
    """Let calls come in through a trunk again."""

    status: ClassVar[ResourceStatus] = ResourceStatus.ACTIVE
    return_url_name = DETAIL
    returns_to_object = True
    success_message = gettext_lazy("The trunk is active.")

    def service(self, obj: Trunk) -> None:
        set_status(actor=self.actor, trunk=obj, status=self.status)


class TrunkDeactivateView(TrunkStatusView):
    """Let no call come in through a trunk."""

    status = ResourceStatus.INACTIVE
    success_message = gettext_lazy("The trunk is inactive: no call may come in.")


class TrunkArchiveView(OwnTrunkMixin, ConfirmView):
    """Archive a trunk with its hosts."""

    permission = "trunks.delete"
    return_url_name = LIST
    success_message = gettext_lazy("The trunk is archived.")

    def get_title(self) -> str:
        return _("Delete %(name)s?") % {"name": self.object}

    def get_crumbs(self) -> list[Link]:
        return trunk_crumbs(self.object)

    def get_warning(self) -> str:
        return _("This has no undo. To stop its calls for a while, deactivate the trunk.")

    def get_facts(self) -> list[tuple[str, Any]]:
        return [
            (_("Hosts that stop at once"), display.number_text(self.object.host_count)),
            (_("Free again"), _("Its addresses and its name.")),
            (_("Stays"), _("Calls that started before, and their charges.")),
        ]

    def service(self, obj: Trunk) -> None:
        archive_trunk(actor=self.actor, trunk=obj)


def trunk_crumbs(trunk: Trunk) -> list[Link]:
    """The way back from a page about one trunk."""
    return [
        Link(_("Trunks"), reverse(LIST)),
        Link(trunk.name, reverse(DETAIL, args=[trunk.pk])),
    ]
