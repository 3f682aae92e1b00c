"""Through which server, and from which address, an owner's letters leave."""

from dataclasses import dataclass
from typing import Literal, cast

from django.conf import settings
from django.utils.translation import gettext as _

from notifications.channels import SmtpServer
from notifications.models import MailSettings
from notifications.services.rendering import ascii_address, mail_domain
from softswitch.core.errors import DomainError
from softswitch.core.outbound import addresses_of, ip_of, is_allowed, reachable, unreachable
from softswitch.core.sealing import unseal

MAIL_PORTS = (25, 465, 587, 2525)


@dataclass(frozen=True, slots=True)
class Way:
    """How a letter leaves: the server that takes it, and the address that it comes from."""

    server: SmtpServer
    sender: str


def way_of(owner_id: int) -> Way:
    """An owner's own server and address where it has set one up, else the installation's.

    Looks the server's name up. Raises DomainError as ``own_server``.
    """
    own = MailSettings.objects.filter(owner=owner_id).exclude(host="").first()
    if own is None:
        return Way(system_server(), settings.MAIL_FROM)
    return Way(own_server(own), ascii_address(own.sender_address or settings.MAIL_FROM))


def system_server() -> SmtpServer:
    """The mail server of the installation, from SMTP_URL."""
    return SmtpServer(
        host=settings.EMAIL_HOST,
        port=settings.EMAIL_PORT,
        name=mail_domain(),
        user=settings.EMAIL_HOST_USER,
        password=settings.EMAIL_HOST_PASSWORD,
        security="tls" if settings.EMAIL_USE_SSL else "starttls" if settings.EMAIL_USE_TLS else "",
    )


def own_server(own: MailSettings) -> SmtpServer:
    """The server of an owner's mail settings, at an address that the portal may connect to.

    Raises DomainError as ``address_of_own``, ``check_sign_in`` and ``unseal``.
    """
    check_sign_in(own)
    return SmtpServer(
        host=own.host,
        port=own.port,
        name=mail_domain(),
        user=own.user,
        password=unseal(own.password) if own.password else "",
        security=cast('Literal["", "starttls", "tls"]', own.security),
        address=address_of_own(own.host, own.port),
        is_own=True,
    )


def check_sign_in(own: MailSettings) -> None:
    """Raise DomainError ``required`` for a server that does not ask who hands a letter in.

    One that takes any sender's mail from the portal's address does it for the portal's sake.
    """
    if not own.user:
        text = _("Your own SMTP server needs a user name and its password.")
        raise DomainError("required", text, field="user")


def address_of_own(host: str, port: int) -> str:
    """The one address to connect to for an owner's own mail server, as ``reachable``.

    Neither the installation's server, which sends in anybody's name what the portal hands in, nor
    a port that mail has not, but in OUTBOUND_ALLOWED_NETWORKS. Raises DomainError ``unreachable``
    or ``port``.
    """
    address = reachable(host, port)
    if port not in MAIL_PORTS and not is_allowed(address):
        text = _("Mail servers are connected to at one of the ports %(ports)s only.")
        ports = ", ".join(map(str, MAIL_PORTS))
        raise DomainError("port", text % {"ports": ports}, field="port")
    if _is_systems(address, port):
        raise unreachable(host)
    return address


def _is_systems(address: str, port: int) -> bool:
    """Whether the installation's server listens there; on this machine others listen beside it."""
    found = {ip_of(one) for one in addresses_of(settings.EMAIL_HOST, settings.EMAIL_PORT)}
    ip = ip_of(address)
    return ip in found and (port == settings.EMAIL_PORT or not ip.is_loopback)
