"""The customer tree: opens level by level, and reads only the children of opened nodes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
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
from softswitch.core import display
from softswitch.core.chrome import Action
from softswitch.core.views import PageView
from softswitch.core.views.lists import row_keys

SHOWN = 100  # children of a node at once; the others are a "Show more" away
MAX_OPEN = 100


@dataclass(slots=True)
class Node:
    """One line of the tree: a customer, or a link (``text``) to children before or after."""

    depth: int
    url: str = ""
    customer: Any = None
    text: str = ""
    is_open: bool = False
    number: int = 0

    @property
    def guides(self) -> range:
        return range(self.depth)

    @property
    def level(self) -> int:
        return self.depth + 1


@dataclass(slots=True)
class Tree:
    """The opened part of a tree, from the URL.

    ``opened`` are the opened nodes, ``starts`` at which child each begins to be shown, so that a
    page stays small however many there are.
    """

    actor: Any
    opened: list[int]
    starts: dict[int, int]

    def read(self) -> list[Node]:
        """All lines in their order; three statements beside one per opened node."""
        top = self.actor.customer_id
        counts = sub_customer_counts([top, *self.opened])
        rows = list(self._below(top, counts, depth=0))
        shown = [node for node in rows if node.customer]
        badges = standings(self.actor, [node.customer for node in shown])
        counts |= sub_customer_counts([node.customer.pk for node in shown])
        for node in shown:
            node.customer.standing = badges[node.customer.pk]
            node.number = counts.get(node.customer.pk, 0)
            node.url = self.toggled(node.customer.pk)
        return rows

    def _below(self, owner_id: int, counts: dict[int, int], *, depth: int) -> Iterator[Node]:
        total = counts.get(owner_id, 0)
        start = min(self.starts.get(owner_id, 0), max(0, total - 1))
        rows = with_balances(direct_customers(self.actor, owner_id)).order_by(Lower("name"), "pk")
        if start:
            yield self._step(owner_id, max(0, start - SHOWN), start, total, depth)
        for row in rows[start : start + SHOWN]:
            is_open = row.pk in self.opened
            yield Node(depth, customer=row, is_open=is_open)
            if is_open:
                yield from self._below(row.pk, counts, depth=depth + 1)
        if start + SHOWN < total:
            yield self._step(owner_id, start + SHOWN, total, total, depth)

    def _step(self, owner_id: int, start: int, end: int, total: int, depth: int) -> Node:
        """The link to the children from ``start`` on, up to SHOWN of them before ``end``."""
        place = {
            "first": display.number_text(start + 1),
            "last": display.number_text(min(start + SHOWN, end)),
            "total": display.number_text(total),
        }
        text = _("Show %(first)s–%(last)s of %(total)s") % place
        url = self._query(self.opened, self.starts | {owner_id: start})
        return Node(depth, url=url, text=text)

    def toggled(self, pk: int) -> str:
        """The query string with ``pk`` opened, or closed if it is open."""
        kept = [key for key in self.opened if key != pk]
        return self._query(kept if pk in self.opened else [*kept, pk], self.starts)

    def _query(self, opened: list[int], starts: dict[int, int]) -> str:
        known = {self.actor.customer_id, *opened}
        begun = [f"{pk}-{start}" for pk, start in starts.items() if start and pk in known]
        asked: dict[str, list[Any]] = {"open": opened, "from": begun}
        return "?" + urlencode(asked, doseq=True)


def starts_in(texts: Iterable[str]) -> dict[int, int]:
    """``["7-200"]`` as {7: 200}: at which of its children the shown part of a node begins."""
    pairs = (text.partition("-") for text in texts)
    keys = [row_keys([pk, start]) for pk, _sign, start in pairs]
    return {key[0]: key[1] for key in keys if len(key) == 2}


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
        asked = self.request.GET
        tree = Tree(
            self.actor,
            row_keys(asked.getlist("open"))[:MAX_OPEN],
            starts_in(asked.getlist("from")[:MAX_OPEN]),
        )
        return super().get_context_data(
            nodes=tree.read(), shows_money=may_see_balances(self.actor), **kwargs
        )
