"""The API tokens of the real user: list, make, revoke."""

from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.forms.tokens import TokenForm
from customers.models import ApiToken
from customers.services.tokens import create_token, revoke_token
from customers.tables.tokens import TokenTable
from customers.views.profile import OwnSecurityMixin
from softswitch.core.chrome import Action, Link
from softswitch.core.views import ConfirmView, CreateView, ListView

LIST = "customers:token_list"


class OwnTokensMixin(OwnSecurityMixin):
    """Tokens of the real user, with the right to the API."""

    permission = "api.access"
    model: ClassVar[type[Model] | None] = ApiToken
    tab = "tokens"

    def refine(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(user=self.actor.user)


class TokenListView(OwnTokensMixin, ListView):
    """The user's tokens; the revoked stay, so that it can be seen what there was."""

    table_class = TokenTable
    empty_icon = "key"
    empty_title = gettext_lazy("No API tokens yet")
    empty_text = gettext_lazy("Programs use the API with a token that acts as you.")
    exports = ()

    def get_actions(self) -> list[Action]:
        return [Action(_("New token"), reverse("customers:token_create"), "plus", primary=True)]


class TokenCreateView(OwnTokensMixin, CreateView):
    """A new token; the next page shows it, once."""

    form_class = TokenForm
    list_url_name = LIST
    save_label = gettext_lazy("Make the token")
    close_label = ""

    def service(self, form: TokenForm) -> ApiToken:
        token, self.text = create_token(actor=self.actor, **form.cleaned_data)
        return token

    def get_success_message(self, saved: ApiToken) -> str:
        return _("Your token, shown this once: %(token)s") % {"token": self.text}

    def get_stay_url(self, saved: Any) -> str:
        return reverse(LIST)


class TokenRevokeView(OwnTokensMixin, ConfirmView):
    """End a token at once."""

    return_url_name = LIST
    success_message = gettext_lazy("Revoked.")

    def get_title(self) -> str:
        return _("Revoke %(name)s?") % {"name": self.object}

    def get_crumbs(self) -> list[Link]:
        return [Link(_("API tokens"), reverse(LIST))]

    def get_warning(self) -> str:
        return _("Whatever uses it is refused from now on. There is no undo.")

    def service(self, obj: ApiToken) -> None:
        revoke_token(actor=self.actor, token=obj)
