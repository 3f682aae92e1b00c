"""What-ifs: what charged calls would earn and cost by other terms, as sums beside them."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from calls.choices import WhatIfState
from calls.querysets import WhatIfQuerySet
from softswitch.core.fields import AmountField


class WhatIf(models.Model):
    """A question about charged calls: what they would earn and cost by other terms.

    ``changes`` are those terms (calls.services.what_if.questions). ``seller`` is whose revenue and
    cost it is about, ``customer`` and ``tariff`` narrow the calls; ``has_below`` adds the resellers
    below. Calls before ``read_till`` are in ``rows``; ``terms_at`` is what "now" means, ``rates``
    are the exchange rates of then, by which sums are shown in ``currency``.
    """

    owner = models.ForeignKey("customers.Customer", models.PROTECT, related_name="what_ifs")
    seller = models.ForeignKey("customers.Customer", models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=120)
    since = models.DateTimeField()
    until = models.DateTimeField()
    customer = models.ForeignKey("customers.Customer", models.PROTECT, null=True, related_name="+")
    tariff = models.ForeignKey("tariffs.Tariff", models.PROTECT, null=True, related_name="+")
    has_below = models.BooleanField(default=False)
    changes = models.JSONField()
    state = models.CharField(max_length=7, choices=WhatIfState.choices, default=WhatIfState.WAITING)
    read_till = models.DateTimeField(null=True)
    terms_at = models.DateTimeField(null=True)
    currency = models.CharField(max_length=3)
    rates = models.JSONField(default=dict)
    left_out = models.JSONField(default=dict)
    failure = models.TextField(blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(default=now)
    done_at = models.DateTimeField(null=True)

    objects: ClassVar = WhatIfQuerySet.as_manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class WhatIfRow(models.Model):
    """Sums of a what-if over calls of one seller, buyer and destination; ids are 0 for none.

    Amounts are in the currencies of the two balances. ``reason`` is 0, or why the new terms cannot
    rate these calls (a place in pricing.REASONS): then nothing of them changes.
    """

    what_if = models.ForeignKey(WhatIf, models.CASCADE, related_name="rows")
    seller_id = models.BigIntegerField()
    customer_id = models.BigIntegerField()
    balance_id = models.BigIntegerField()
    issuer_balance_id = models.BigIntegerField()
    destination_id = models.BigIntegerField()
    reason = models.SmallIntegerField()
    calls = models.BigIntegerField()
    duration_ms = models.BigIntegerField()
    revenue_before = AmountField()
    revenue_after = AmountField()
    cost_before = AmountField()
    cost_after = AmountField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.customer_id} to {self.destination_id}: {self.calls}"
