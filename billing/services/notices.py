"""Takes the notices that online providers send about payments."""

from uuid import UUID

from django.utils.translation import gettext as _

from billing.models import OnlinePayment, PaymentProvider
from billing.services.providers import driver_of
from billing.services.top_ups import settle_top_up
from softswitch.core.errors import DomainError


def receive_notice(*, public_id: UUID, body: bytes, signature: str) -> OnlinePayment | None:
    """Take a notice that arrived at the address of a provider; the payment it was about, if any.

    Raises DomainError ``unknown`` where there is no such address, ``signature`` for what is not
    signed with its secret or too old, ``not_posted`` for a refund that comes before its payment.
    Safe to repeat, in any order. A provider that is switched off still says what became of payments
    that were begun before.
    """
    provider = PaymentProvider.objects.filter(public_id=public_id).first()
    if provider is None or not provider.webhook_secret:
        raise DomainError("unknown", _("There is no such address."))
    notice = driver_of(provider).read_notice(body, signature)
    return None if notice is None else settle_top_up(provider=provider, notice=notice)
