"""Finds accounts, trunks and hosts by a part of their names or an address."""

from accounts.models import Account, Host, Trunk
from accounts.selectors.records import current_hosts
from customers.tenancy import Actor
from softswitch.core.addresses import network_of
from softswitch.core.parts import named_like


def find_accounts(actor: Actor, part: str, *, most: int) -> list[Account]:
    """Live accounts and cards with ``part`` in their auth name (or number) or name."""
    rows = Account.objects.visible_to(actor).live().select_related("customer")
    return named_like(rows, "auth_name", "name", part=part, most=most)


def find_trunks(actor: Actor, part: str, *, most: int) -> list[Trunk]:
    """Live trunks with ``part`` in their name."""
    rows = Trunk.objects.visible_to(actor).live().select_related("customer")
    return named_like(rows, "name", part=part, most=most)


def find_hosts(actor: Actor, text: str, *, most: int) -> list[Host]:
    """Hosts that an IP address lies in, or that touch the network or part of one in ``text``."""
    network = network_of(text)
    if network is None:
        return []
    rows = current_hosts(Host.objects.visible_to(actor)).filter(network__overlaps=network)
    return list(rows.order_by("network", "tech_prefix", "pk")[:most])
