"""The accounts that are charged by themselves at a tariff."""

from django.db.models import F, QuerySet

from accounts.models import Account
from customers.tenancy import Actor
from tariffs.models import Tariff


def accounts_paying(actor: Actor, tariff: Tariff) -> QuerySet[Account]:
    """The live accounts in the actor's scope that pay by ``tariff`` now, each with ``since``."""
    live: QuerySet[Account] = Account.objects.visible_to(actor).live()
    paying = live.filter(terms__tariff=tariff, terms__valid_till=None)
    return paying.annotate(since=F("terms__valid_from")).select_related("customer")
