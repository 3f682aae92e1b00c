"""Asks as a switch does before a call, and reads what it is told."""

from typing import Any

from accounts.models import Trunk
from accounts.services.hosts import NewHost
from accounts.services.trunks import create_trunk
from calls.models import Switch
from calls.services.authorizing import Decision, authorize_call
from tests.calls.stored import START
from tests.world import OPENED, World

LONDON = "+44 20 7946 0000"
DIGITS = "442079460000"
CAP = 4 * 3600


def ask(**changes: Any) -> Decision:
    asked: dict[str, Any] = {"called": LONDON, "auth_name": "shop-1", "setup_at": START}
    return authorize_call(switch=Switch.objects.get(name="core-1"), **asked | changes)


def denied(decision: Decision) -> list[tuple[str, str]]:
    """Who denies, and why; a trunk or account stands beside its customer."""
    assert not decision.is_allowed
    assert decision.max_seconds == 0
    return [
        (" ".join(str(part) for part in (d.customer, d.account, d.trunk) if part), d.cause.value)
        for d in decision.denials
    ]


def trunk_of(world: World, who: str, name: str, *hosts: NewHost) -> Trunk:
    """A trunk of ``who`` with its hosts, since OPENED."""
    customer = getattr(world, who)
    return create_trunk(
        actor=world.actor(who), customer=customer, name=name, hosts=list(hosts), opened_at=OPENED
    )
