"""The search above every page: customers, logins, accounts, trunks and hosts of the actor."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.selectors.search import find_accounts, find_hosts, find_trunks
from customers.selectors.search import find_customers, find_logins
from softswitch.core.chrome import Text
from softswitch.core.display import listed
from softswitch.core.forms import ScopedForm
from softswitch.core.views import PageView

SHOWN = 10  # of each kind


class SearchForm(ScopedForm):
    """What is searched for; one letter would find almost everything."""

    q = forms.CharField(
        label=gettext_lazy("Search"),
        min_length=2,
        max_length=120,
        widget=forms.TextInput({"type": "search"}),
        error_messages={"min_length": gettext_lazy("Enter at least 2 letters or digits.")},
    )


@dataclass(frozen=True, slots=True)
class Hit:
    """One row found: its name, what it is or whose, where it leads."""

    name: str
    second: str
    url: str


@dataclass(frozen=True, slots=True)
class Group:
    """What was found of one kind; ``more_url`` leads to all of it where there is such a list."""

    label: Text
    hits: list[Hit]
    has_more: bool
    more_url: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of rows: ``find(actor, text, most=...)``, how one is shown, its list and filter."""

    label: Text
    rights: tuple[str, ...]
    find: Callable[..., list[Any]]
    hit: Callable[[Any], Hit]
    list_url_name: str = ""
    parameters: tuple[str, ...] = ()  # fields of a row and of the list's query form alike

    def group(self, actor: Any, text: str) -> Group:
        """What the actor finds."""
        rows = self.find(actor, text, most=SHOWN + 1)
        has_more = len(rows) > SHOWN
        more = self.list_url(rows, text) if has_more and self.list_url_name else ""
        return Group(self.label, [self.hit(row) for row in rows[:SHOWN]], has_more, more)

    def list_url(self, rows: list[Any], text: str) -> str:
        """The whole list, searched by the field in which ``text`` was found first."""
        held = (
            name
            for name in self.parameters
            if any(text.lower() in str(getattr(row, name)).lower() for row in rows)
        )
        asked = {next(held, self.parameters[0]): text, "show": "all"}
        return f"{reverse(self.list_url_name)}?{urlencode(asked)}"


def _url(name: str, key: int) -> str:
    return reverse(name, args=[key])


def _line(*parts: object) -> str:
    return listed(filter(None, parts))


KINDS = (
    Kind(
        gettext_lazy("Customers"),
        ("customers.view",),
        find_customers,
        lambda row: Hit(
            row.name,
            _line(row.get_kind_display(), row.company_name),
            _url("customers:customer_detail", row.pk),
        ),
        "customers:customer_list",
        ("name", "company_name"),
    ),
    Kind(
        gettext_lazy("Logins"),
        ("users.manage", "customers.edit"),
        find_logins,
        lambda row: Hit(
            row.login, _line(row.name, row.customer), _url("customers:user_detail", row.pk)
        ),
    ),
    Kind(
        gettext_lazy("Accounts"),
        ("accounts.view",),
        find_accounts,
        lambda row: Hit(
            row.auth_name, _line(row.name, row.customer), _url("accounts:account_detail", row.pk)
        ),
        "accounts:account_list",
        ("auth_name", "name"),
    ),
    Kind(
        gettext_lazy("Trunks"),
        ("trunks.view",),
        find_trunks,
        lambda row: Hit(row.name, _line(row.customer), _url("accounts:trunk_detail", row.pk)),
        "accounts:trunk_list",
        ("name",),
    ),
    Kind(
        gettext_lazy("Hosts"),
        ("trunks.view",),
        find_hosts,
        lambda row: Hit(
            _line(row.network, row.tech_prefix),
            _line(row.trunk, row.trunk.customer),
            _url("accounts:trunk_detail", row.trunk_id),
        ),
        "accounts:host_list",
        ("network",),
    ),
)


class SearchView(PageView):
    """Finds by ``q`` only what the actor may open; grouped, the first ten of each kind."""

    template_name = "search.html"
    title = gettext_lazy("Search")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not any(self.actor.can(right) for right in settings.SEARCH_RIGHTS):
            raise PermissionDenied
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = SearchForm(self.request.GET if "q" in self.request.GET else None, actor=self.actor)
        asked = form.cleaned_data["q"] if form.is_valid() else ""
        groups = [group for group in self.groups(asked) if group.hits] if asked else []
        return super().get_context_data(form=form, asked=asked, groups=groups, **kwargs)

    def get_meta(self) -> str:
        return _("By a part of a name, company, login, account number or trunk, or an IP address.")

    def groups(self, text: str) -> Iterator[Group]:
        """One group of each kind that the actor may open."""
        for kind in KINDS:
            if any(self.actor.can(right) for right in kind.rights):
                yield kind.group(self.actor, text)
