"""Switches: list, create, edit, and their tokens, each shown once."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calls.forms import SwitchForm
from calls.models import Switch
from calls.services.switches import create_switch, edit_switch, rotate_token
from calls.tables import SwitchTable
from softswitch.core.chrome import Action, Link
from softswitch.core.views import ConfirmView, CreateView, EditView, ListView, PageMixin

RIGHT = "system.settings"


class SwitchListView(ListView):
    """The switches that deliver CDRs."""

    model = Switch
    permission = RIGHT
    title = gettext_lazy("Switches")
    table_class = SwitchTable
    empty_icon = "server-stack"
    empty_title = gettext_lazy("No switches yet")
    empty_text = gettext_lazy("A switch delivers CDRs, by upload or with its token.")

    def get_actions(self) -> list[Action]:
        return [
            Action(_("New switch"), reverse("calls:switch_create"), "plus", RIGHT, primary=True)
        ]


class SwitchPageMixin(PageMixin):
    """Where the pages of one switch stand."""

    def get_crumbs(self) -> list[Link]:
        return [Link(_("Switches"), reverse("calls:switch_list"))]


class SwitchCreateView(SwitchPageMixin, CreateView):
    """A new switch; the answer shows its token, once."""

    model = Switch
    permission = RIGHT
    form_class = SwitchForm
    list_url_name = "calls:switch_list"
    edit_url_name = "calls:switch_edit"
    close_label = ""
    title = gettext_lazy("New switch")

    def service(self, form: SwitchForm) -> Switch:
        switch, self.token = create_switch(actor=self.actor, **form.cleaned_data)
        return switch

    def get_success_message(self, saved: Switch) -> str:
        return token_message(self.token)


class SwitchEditView(SwitchPageMixin, EditView):
    """Name, zone, addresses and number rules of a switch."""

    model = Switch
    permission = RIGHT
    form_class = SwitchForm
    list_url_name = "calls:switch_list"
    edit_url_name = "calls:switch_edit"

    def get_title(self) -> str:
        return str(self.object.name)

    def get_actions(self) -> list[Action]:
        url = reverse("calls:switch_token", args=[self.object.pk])
        return [Action(_("Issue a new token"), url, "key", RIGHT)]

    def service(self, form: SwitchForm) -> Switch:
        stored = self.get_object()  # the form has written into self.object already
        return edit_switch(actor=self.actor, switch=stored, values=form.cleaned_data)


class SwitchTokenView(SwitchPageMixin, ConfirmView):
    """A new token; the old one ends at once."""

    model = Switch
    permission = RIGHT
    button_label = gettext_lazy("Issue a new token")

    def get_title(self) -> str:
        return _("Issue a new token for %(name)s?") % {"name": self.object}

    def get_warning(self) -> str:
        return _("The present token ends at once: the switch is refused until it has the new one.")

    def service(self, obj: Switch) -> None:
        self.token = rotate_token(actor=self.actor, switch=obj)

    def get_success_message(self) -> str:
        return token_message(self.token)

    def get_return_url(self) -> str:
        return reverse("calls:switch_edit", args=[self.object.pk])


def token_message(token: str) -> str:
    """The one sentence in which a token is ever shown."""
    return _("Token of the switch, shown this once: %(token)s") % {"token": token}
