"""Whether an address lies in a user's list of allowed addresses and networks."""

from collections.abc import Iterable
from ipaddress import ip_address, ip_network


def is_allowed(address: str | None, networks: Iterable[str]) -> bool:
    """Whether ``address`` lies in one of ``networks``; an empty list allows every address.

    An IPv4 address inside IPv6 (``::ffff:192.0.2.1``) counts as what it is. An address that is
    not known lies in no network.
    """
    listed = [ip_network(network) for network in networks]
    if not listed:
        return True
    if not address:
        return False
    source = ip_address(address)
    source = getattr(source, "ipv4_mapped", None) or source
    return any(source in network for network in listed)
