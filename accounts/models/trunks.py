"""Trunks and the hosts that lead to them."""

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Upper
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from accounts.models.accounts import status_field
from accounts.querysets import HostQuerySet, TrunkQuerySet
from softswitch.core.constraints import never_twice, validity
from softswitch.core.fields import NetworkField, PrefixField


class Trunk(models.Model):
    """A customer's ingress resource: calls come in from its hosts."""

    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="trunks")
    name = models.CharField(_("name"), max_length=120)
    status = status_field()
    call_limit = models.PositiveIntegerField(_("call limit"), null=True, blank=True)
    cps_limit = models.PositiveIntegerField(_("CPS limit"), null=True, blank=True)
    opened_at = models.DateTimeField(_("in service since"), default=now)
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, editable=False)
    # Since when a low balance keeps it inactive, until there is enough again or a person decides.
    disabled_by_alert_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar = TrunkQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="trunk_name_part"),
            models.Index(Upper("name"), "id", name="trunk_name_start"),
            models.Index(
                fields=["customer"],
                condition=Q(disabled_by_alert_at__isnull=False),
                name="trunk_disabled_by_alert",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                "customer",
                Lower("name"),
                condition=Q(archived_at=None),
                name="trunk_name_taken",
                violation_error_message=_("A trunk of this name exists."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class TrunkOwnership(models.Model):
    """Which customer a trunk belonged to, when."""

    trunk = models.ForeignKey(Trunk, models.PROTECT, related_name="ownerships")
    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="+")
    valid_from = models.DateTimeField()
    valid_till = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [never_twice("trunk_ownership_no_overlap", "trunk")]

    def __str__(self) -> str:
        return f"{self.trunk_id} of {self.customer_id}"


class Host(models.Model):
    """An address or network, with an optional tech prefix, that leads to a trunk while valid.

    A change closes the row and opens another. One address and tech prefix lead to one trunk.
    """

    trunk = models.ForeignKey(Trunk, models.PROTECT, related_name="hosts")
    network = NetworkField(_("IP or network"))
    port = models.PositiveIntegerField(_("port"), null=True, blank=True)
    tech_prefix = PrefixField(_("tech prefix"), max_length=16, blank=True)
    status = status_field()
    call_limit = models.PositiveIntegerField(_("call limit"), null=True, blank=True)
    cps_limit = models.PositiveIntegerField(_("CPS limit"), null=True, blank=True)
    valid_from = models.DateTimeField(default=now)
    valid_till = models.DateTimeField(null=True, editable=False)

    objects: ClassVar = HostQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index("network", "id", name="host_by_network", condition=Q(valid_till=None))
        ]
        constraints = [
            ExclusionConstraint(
                name="host_taken",
                expressions=[
                    (OpClass(F("network"), name="inet_ops"), "&&"),
                    ("tech_prefix", RangeOperators.EQUAL),
                    ("trunk", RangeOperators.NOT_EQUAL),
                    (validity(), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                name="host_tech_prefix", condition=Q(tech_prefix__regex=r"^[0-9*#]*$")
            ),
        ]

    def __str__(self) -> str:
        return self.network
