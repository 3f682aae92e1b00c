"""Reads IP addresses and networks as people search for them."""

import ipaddress

_GROUPS = {".": (4, 8, "0"), ":": (8, 16, "0")}  # how many groups, bits of each, an empty one


def network_of(text: str) -> str | None:
    """The network that ``text`` means in CIDR notation; None if it is none.

    ``192.0.2.7`` is that address, ``192.0.2.0/28`` or ``192.0.2.7/28`` that network, and the
    start of an address everything that starts so: ``192.0.2.`` or ``192.0.2`` is 192.0.2.0/24,
    ``2001:db8:`` 2001:db8::/32.
    """
    clean = text.strip()
    try:
        return str(ipaddress.ip_network(clean, strict=False))
    except ValueError:
        return _started(clean)


def _started(text: str) -> str | None:
    separator = next((sign for sign in _GROUPS if sign in text), None)
    if separator is None or "/" in text:
        return None
    count, bits, empty = _GROUPS[separator]
    known = text.removesuffix(separator).split(separator)
    if len(known) >= count:
        return None
    whole = separator.join([*known, *[empty] * (count - len(known))])
    try:
        return str(ipaddress.ip_network(f"{whole}/{bits * len(known)}"))
    except ValueError:
        return None
