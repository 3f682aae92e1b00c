"""Drivers of online payment providers: ``driver_of`` gives the one of an owner's settings."""

from billing.choices import ProviderKind
from billing.models import PaymentProvider
from billing.services.providers.base import Driver
from billing.services.providers.stripe import StripeDriver
from softswitch.core.sealing import unseal

DRIVERS = {ProviderKind.STRIPE.value: StripeDriver}


def driver_of(provider: PaymentProvider) -> Driver:
    """The driver with the keys of ``provider``; DomainError ``sealed_elsewhere`` without them."""
    return DRIVERS[provider.kind](
        api_key=unseal(provider.api_key), secret=unseal(provider.webhook_secret)
    )
