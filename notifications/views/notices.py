"""The bell: what the reader's customer is told in the portal, and how it is marked read."""

from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications.filters import NoticeFilter
from notifications.models import Notice
from notifications.selectors import unread, with_state
from notifications.services.notices import read_up_to, words_of_notice
from notifications.tables import NoticeTable
from softswitch.core.chrome import Action
from softswitch.core.views import ActionView, ListView

LIST = "notifications:notice_list"


class NoticeListView(ListView):
    """What has happened, newest first. Everybody has a bell; it tells what one's rights allow."""

    model = Notice
    title = gettext_lazy("Notices")
    table_class = NoticeTable
    filterset_class = NoticeFilter
    empty_icon = "bell"
    empty_title = gettext_lazy("No notices yet")
    empty_text = gettext_lazy("What happens to your calls, balance and invoices is told here.")

    def refine(self, queryset: QuerySet[Notice]) -> QuerySet[Notice]:
        rows: QuerySet[Notice] = with_state(queryset, self.actor).order_by("-pk")
        return rows

    def get_table(self) -> Any:
        table = super().get_table()
        table.words = words_of_notice
        return table

    @cached_property
    def newest(self) -> Notice | None:
        """The newest that is new to the reader."""
        return unread(self.actor).first()

    def get_actions(self) -> list[Action]:
        if self.newest is None:
            return []
        url = reverse("notifications:notice_read", args=[self.newest.pk])
        return [Action(_("Mark all as read"), url, "check", post=True)]


class NoticeReadView(ActionView):
    """Marks a notice and all older ones as read: what came after the page was shown stays new."""

    model = Notice
    return_url_name = LIST
    success_message = gettext_lazy("All notices up to now are marked as read.")

    def service(self, obj: Notice) -> None:
        read_up_to(actor=self.actor, notice=obj)
