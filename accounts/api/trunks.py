"""Trunks and their hosts in the API."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query, Router, Status

from accounts.api.accounts import customer_of
from accounts.api.schemas import (
    HostIn,
    HostOut,
    HostPage,
    HostPatch,
    Key,
    Name,
    TrunkIn,
    TrunkOut,
    TrunkPage,
    TrunkPatch,
)
from accounts.models import Host, Trunk
from accounts.selectors import current_hosts, live_trunks
from accounts.services.hosts import NewHost, add_host, edit_host, remove_host
from accounts.services.trunks import archive_trunk, create_trunk, edit_trunk
from customers.tenancy import Actor
from softswitch.core.api import REFUSALS, ErrorOut, Paging, actor_of, visible, visible_or_404

router = Router(tags=["Trunks and hosts"])


class TrunkSearch(Paging):
    """Which trunks: those of one customer, by a part of the name."""

    customer_id: Key | None = None
    name: Name = ""

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Of ``rows`` those that were asked for."""
        if self.customer_id is not None:
            rows = rows.filter(customer_id=self.customer_id)
        return rows.filter(name__icontains=self.name) if self.name else rows


class HostSearch(Paging):
    """Which hosts: those of one trunk."""

    trunk_id: Key | None = None


@router.get("/trunks", response={200: TrunkPage, REFUSALS: ErrorOut})
def list_trunks(request: HttpRequest, search: Query[TrunkSearch]) -> Any:
    """The trunks of the token's customer and of those below, in order of id."""
    return search.page(search.narrow(trunks_of(actor_of(request, "trunks.view"))))


@router.get("/trunks/{key}", response={200: TrunkOut, REFUSALS: ErrorOut})
def get_trunk(request: HttpRequest, key: int) -> Any:
    """One trunk."""
    return visible_or_404(trunks_of(actor_of(request, "trunks.view")), key)


@router.post("/trunks", response={201: TrunkOut, REFUSALS: ErrorOut})
def add_trunk(request: HttpRequest, body: TrunkIn) -> Any:
    """Open a trunk of the own customer or of a direct one, with its hosts, all or nothing."""
    actor = actor_of(request, "trunks.add")
    trunk = create_trunk(
        actor=actor,
        customer=customer_of(actor, body.customer_id),
        hosts=[NewHost(**host.model_dump()) for host in body.hosts],
        **body.model_dump(exclude={"customer_id", "hosts"}),
    )
    return Status(201, trunk)


@router.patch("/trunks/{key}", response={200: TrunkOut, REFUSALS: ErrorOut})
def change_trunk(request: HttpRequest, key: int, body: TrunkPatch) -> Any:
    """Change name, status or limits."""
    actor = actor_of(request, "trunks.edit")
    trunk = visible_or_404(trunks_of(actor), key)
    return edit_trunk(actor=actor, trunk=trunk, values=body.model_dump(exclude_unset=True))


@router.post("/trunks/{key}/archive", response={204: None, REFUSALS: ErrorOut})
def archive(request: HttpRequest, key: int) -> Any:
    """Archive a trunk with its hosts; their addresses are free again. There is no undo."""
    actor = actor_of(request, "trunks.delete")
    archive_trunk(actor=actor, trunk=visible_or_404(trunks_of(actor), key))
    return Status(204, None)


@router.get("/hosts", response={200: HostPage, REFUSALS: ErrorOut})
def list_hosts(request: HttpRequest, search: Query[HostSearch]) -> Any:
    """The hosts that lead to a trunk now, in order of id."""
    rows = hosts_of(actor_of(request, "trunks.view"))
    if search.trunk_id is not None:
        rows = rows.filter(trunk_id=search.trunk_id)
    return search.page(rows)


@router.get("/hosts/{key}", response={200: HostOut, REFUSALS: ErrorOut})
def get_host(request: HttpRequest, key: int) -> Any:
    """One host."""
    return visible_or_404(hosts_of(actor_of(request, "trunks.view")), key)


@router.post("/trunks/{key}/hosts", response={201: HostOut, REFUSALS: ErrorOut})
def add_trunk_host(request: HttpRequest, key: int, body: HostIn) -> Any:
    """Let an address or network lead to a trunk from now on."""
    actor = actor_of(request, "trunks.edit")
    trunk = visible_or_404(trunks_of(actor), key)
    return Status(201, add_host(actor=actor, trunk=trunk, host=NewHost(**body.model_dump())))


@router.patch("/hosts/{key}", response={200: HostOut, REFUSALS: ErrorOut})
def change_host(request: HttpRequest, key: int, body: HostPatch) -> Any:
    """Change a host. Another network or tech prefix makes another host, with an id of its own."""
    actor = actor_of(request, "trunks.edit")
    host = visible_or_404(hosts_of(actor), key)
    return edit_host(actor=actor, host=host, values=body.model_dump(exclude_unset=True))


@router.delete("/hosts/{key}", response={204: None, REFUSALS: ErrorOut})
def delete_host(request: HttpRequest, key: int) -> Any:
    """Let a host lead nowhere from now on; calls that started before keep it."""
    actor = actor_of(request, "trunks.edit")
    remove_host(actor=actor, host=visible_or_404(hosts_of(actor), key))
    return Status(204, None)


def trunks_of(actor: Actor) -> QuerySet[Any]:
    """The live trunks that the actor sees."""
    return live_trunks(visible(Trunk, actor))


def hosts_of(actor: Actor) -> QuerySet[Any]:
    """The hosts that lead to a live trunk now, and that the actor sees."""
    return current_hosts(visible(Host, actor))
