"""Destination groups of the acting owner: list, create, edit, delete."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from softswitch.core.chrome import Action, Link
from softswitch.core.views import ConfirmView, CreateView, EditView, ListView
from softswitch.core.views.access import ScopedMixin
from tariffs.forms import DestinationGroupForm
from tariffs.models import DestinationGroup
from tariffs.selectors.groups import own_groups
from tariffs.services.groups import create_group, delete_group, edit_group
from tariffs.tables import DestinationGroupTable

LIST = "tariffs:group_list"


class OwnGroupMixin(ScopedMixin):
    """The groups of the acting owner; those of owners below are theirs (404)."""

    permission = "tariffs.edit"
    model = DestinationGroup

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return own_groups(queryset, self.actor)


class GroupListView(OwnGroupMixin, ListView):
    """All groups, in the order in which they claim destinations."""

    permission = "tariffs.view"
    title = gettext_lazy("Destination groups")
    table_class = DestinationGroupTable
    empty_icon = "globe-alt"
    empty_title = gettext_lazy("No destination groups yet")
    empty_text = gettext_lazy(
        "A group is one line in reports and invoices, such as all mobile numbers of Europe."
    )

    def get_actions(self) -> list[Action]:
        url = reverse("tariffs:group_create")
        return [Action(_("New group"), url, "plus", "tariffs.edit", primary=True)]


class GroupFormMixin(OwnGroupMixin):
    """Where the form of a group leads."""

    list_url_name = LIST
    edit_url_name = "tariffs:group_edit"

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Destination groups"), reverse(LIST))]


class GroupCreateView(GroupFormMixin, CreateView):
    """A new group."""

    form_class = DestinationGroupForm
    title = gettext_lazy("New destination group")

    def service(self, form: DestinationGroupForm) -> DestinationGroup:
        return create_group(actor=self.actor, **form.cleaned_data)


class GroupEditView(GroupFormMixin, EditView):
    """Name, order, countries and names of a group."""

    form_class = DestinationGroupForm
    success_message = gettext_lazy("Saved. Reports follow at once.")

    def get_title(self) -> str:
        return str(self.object)

    def get_actions(self) -> list[Action]:
        url = reverse("tariffs:group_delete", args=[self.object.pk])
        return [Action(_("Delete"), url, "x-mark", danger=True, more=True)]

    def get_initial(self) -> dict[str, Any]:
        row: DestinationGroup = self.object
        return {
            "name": row.name,
            "position": row.position,
            "countries": "\n".join(row.countries),
            "patterns": "\n".join(row.patterns),
        }

    def service(self, form: DestinationGroupForm) -> DestinationGroup:
        row: DestinationGroup = self.object
        edit_group(actor=self.actor, group=row, values=form.cleaned_data)
        return row


class GroupDeleteView(OwnGroupMixin, ConfirmView):
    """Asks before a group goes."""

    return_url_name = LIST
    success_message = gettext_lazy("Deleted.")

    def get_title(self) -> str:
        return _("Delete %(name)s?") % {"name": self.object}

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Destination groups"), reverse(LIST))]

    def get_facts(self) -> Iterable[tuple[str, str]]:
        yield _("Its destinations"), _("Count in the next group that claims them, or in none.")

    def service(self, obj: DestinationGroup) -> None:
        delete_group(actor=self.actor, group=obj)
