"""The customer tree: opens level by level, and reads only the children of opened nodes."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.selectors.balances import may_see_balances, with_balances
from billing.selectors.standing import standings
from customers.selectors import direct_customers, sub_customer_counts
from softswitch.core.chrome import Action
from softswitch.core.views import PageView
from softswitch.core.views.lists import row_keys

SHOWN = 200  # children of a node before "Show more"
MAX_OPEN = 100


@dataclass(slots=True)
class Node:
    """One line of the tree; ``more`` stands for the children that are not shown yet."""

    customer: Any
    depth: int
    is_open: bool = False
    number: int = 0
    is_more: bool = False
    url: str = ""

    @property
    def guides(self) -> range:
        return range(self.depth)

    @property
    def level(self) -> int:
        return self.depth + 1


@dataclass(slots=True)
class Tree:
    """The opened part of a tree, from the URL: ``open`` names opened nodes, ``more`` widens one."""

    actor: Any
    opened: list[int]
    widened: Counter[int]
    rows: list[Node] = field(default_factory=list)

    def read(self) -> list[Node]:
        """All lines in their order; two statements beside one per opened node."""
        self.rows = list(self._below(self.actor.customer_id, depth=0))
        shown = [node.customer for node in self.rows if not node.is_more]
        badges = standings(self.actor, shown)
        counts = sub_customer_counts([row.pk for row in shown])
        for node in self.rows:
            if node.is_more:
                continue
            node.customer.standing = badges[node.customer.pk]
            node.number = counts.get(node.customer.pk, 0)
            node.url = self.toggled(node.customer.pk)
        return self.rows

    def _below(self, owner_id: int, *, depth: int) -> Iterator[Node]:
        limit = SHOWN * (1 + self.widened[owner_id])
        rows = with_balances(direct_customers(self.actor, owner_id))
        found = list(rows.order_by(Lower("name"), "pk")[: limit + 1])
        for row in found[:limit]:
            is_open = row.pk in self.opened
            yield Node(row, depth, is_open=is_open)
            if is_open:
                yield from self._below(row.pk, depth=depth + 1)
        if len(found) > limit:
            yield Node(None, depth, is_more=True, url=self.wider(owner_id))

    def toggled(self, pk: int) -> str:
        """The query string with ``pk`` opened, or closed if it is open."""
        kept = [key for key in self.opened if key != pk]
        return self._query(kept if pk in self.opened else [*kept, pk], self.widened)

    def wider(self, pk: int) -> str:
        """The query string with SHOWN more children of ``pk``."""
        return self._query(self.opened, self.widened + Counter([pk]))

    def _query(self, opened: list[int], widened: Counter[int]) -> str:
        more = sorted(widened.elements())
        return "?" + urlencode({"open": opened, "more": more}, doseq=True)


class CustomerTreeView(PageView):
    """Works by links alone; HTMX swaps the table in place."""

    permission = "customers.view"
    template_name = "customers/customer_tree.html"
    title = gettext_lazy("Customer tree")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = self.render()
        if request.headers.get("HX-Request"):
            response = TemplateResponse(
                request, f"{self.template_name}#tree", response.context_data
            )
        patch_vary_headers(response, ["HX-Request"])
        return response

    def get_meta(self) -> str:
        return _("Money is between each customer and its owner.")

    def get_actions(self) -> list[Action]:
        return [Action(_("Close all"), "?", "chevron-up-down")]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        tree = Tree(
            self.actor,
            self._keys("open")[:MAX_OPEN],
            Counter(self._keys("more")[:MAX_OPEN]),
        )
        return super().get_context_data(
            nodes=tree.read(), shows_money=may_see_balances(self.actor), **kwargs
        )

    def _keys(self, name: str) -> list[int]:
        return row_keys(self.request.GET.getlist(name))
