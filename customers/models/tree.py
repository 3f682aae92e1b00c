"""The customer tree, its dated ownership, the rights granted to it, its searchable names."""

from typing import TYPE_CHECKING, ClassVar

from django.contrib.auth.models import Group
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Trim, Upper
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from guardian.models import GroupObjectPermissionBase
from mptt.managers import TreeManager
from mptt.models import MPTTModel, TreeForeignKey

from customers.choices import Kind, ProfitUnit, Status
from customers.permissions import RIGHTS
from customers.querysets import CustomerQuerySet
from softswitch.core.constraints import UniqueAtCommit, never_twice
from softswitch.core.fields import OptionalPriceField, ZoneColumn

if TYPE_CHECKING:
    from customers.tenancy import Actor


class Customer(MPTTModel):
    """A node of the tree: Root, a reseller, or whoever buys from one.

    ``owner`` is who sells to it and bills it (empty for Root only). ``parent`` is the same within
    the nested sets, where every direct customer of Root starts a tree of its own and has none.
    """

    is_root = models.BooleanField(default=False, editable=False)
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    status = models.CharField(
        _("status"), max_length=8, choices=Status.choices, default=Status.ACTIVE
    )
    owner = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="customers", editable=False
    )
    parent = TreeForeignKey(
        "self", models.PROTECT, null=True, related_name="children", editable=False
    )
    rights_group = models.OneToOneField(Group, models.PROTECT, editable=False)
    business_model = models.ForeignKey(
        "customers.BusinessModel", models.PROTECT, null=True, blank=True, related_name="members"
    )
    customer_class = models.ForeignKey(
        "customers.CustomerClass", models.PROTECT, null=True, blank=True, related_name="members"
    )
    max_depth = models.PositiveSmallIntegerField(_("levels allowed below"), null=True, blank=True)

    company_name = models.CharField(_("company"), max_length=200, blank=True)
    main_email = models.EmailField(_("main e-mail"), blank=True)
    noc_email = models.EmailField(_("NOC e-mail"), blank=True)
    billing_email = models.EmailField(_("billing e-mail"), blank=True)
    rates_email = models.EmailField(_("rates e-mail"), blank=True)
    tax_id = models.CharField(_("tax id"), max_length=40, blank=True)
    address = models.TextField(_("address"), blank=True)
    # ISO 3166, for electronic invoices; a server-side default, as rows are also copied in.
    country = models.CharField(
        _("country"),
        max_length=2,
        blank=True,
        db_default="",
        default="",
        validators=[RegexValidator(r"^[A-Z]{2}$", _("Enter a country as two letters, like GB."))],
    )
    contact = models.CharField(_("contact"), max_length=200, blank=True)
    internal_notes = models.TextField(_("internal notes"), blank=True)

    timezone = ZoneColumn(verbose_name=_("time zone"), default="UTC")
    language = models.CharField(_("language"), max_length=10, default="en")
    call_limit = models.PositiveIntegerField(_("call limit"), null=True, blank=True)
    cps_limit = models.PositiveIntegerField(_("CPS limit"), null=True, blank=True)
    min_profitability = OptionalPriceField(_("minimum profitability"), blank=True)
    min_profitability_unit = models.CharField(
        max_length=10, choices=ProfitUnit.choices, default=ProfitUnit.PER_MINUTE
    )

    opened_at = models.DateTimeField(_("in service since"), default=now)
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar = TreeManager.from_queryset(CustomerQuerySet)()

    class Meta:
        permissions = [(right.codename, right.code) for right in RIGHTS if right.delegated]
        default_permissions = ()
        indexes = [
            models.Index(
                "owner", Lower("name"), name="customer_by_owner", condition=Q(archived_at=None)
            ),
            models.Index(Lower("name"), "id", name="customer_by_name"),
        ]
        constraints = [
            models.UniqueConstraint(
                Lower(Trim("name")),
                name="customer_name_taken",
                violation_error_message=_("This name is taken."),
            ),
            models.UniqueConstraint("is_root", condition=Q(is_root=True), name="customer_one_root"),
            models.CheckConstraint(
                name="customer_owner_or_root",
                condition=Q(is_root=True, owner=None, parent=None)
                | (Q(is_root=False, owner__isnull=False) & (Q(parent=None) | Q(parent=F("owner")))),
            ),
            models.UniqueConstraint(
                "tree_id", condition=Q(parent=None), name="customer_one_top_per_tree"
            ),
            *(
                UniqueAtCommit(name=f"customer_{column}_once", columns=["tree_id", column])
                for column in ("lft", "rght")
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def is_direct_of(self, actor: "Actor") -> bool:
        """Whether the actor's customer owns this one: the pair between which money moves."""
        return self.owner_id == actor.customer_id


class CustomerOwnership(models.Model):
    """Who owned a customer when: what a call's chain is read from."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="ownerships")
    owner = models.ForeignKey(Customer, models.PROTECT, related_name="+")
    valid_from = models.DateTimeField()
    valid_till = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [never_twice("ownership_no_overlap", "customer")]

    def __str__(self) -> str:
        return f"{self.customer_id} of {self.owner_id}"


class CustomerGrant(GroupObjectPermissionBase):
    """A right delegated to a customer: held by its group, on the customer itself (guardian)."""

    content_object = models.ForeignKey(Customer, models.CASCADE, related_name="grants")

    class Meta(GroupObjectPermissionBase.Meta):
        default_permissions = ()


class CustomerSearch(models.Model):
    """The names of a customer for searches by a part of them, written by a database trigger.

    A table of its own, because renumbering the tree rewrites every index of Customer.
    """

    customer = models.OneToOneField(
        Customer, models.CASCADE, primary_key=True, related_name="search"
    )
    name = models.CharField(max_length=120)
    company_name = models.CharField(max_length=200)

    class Meta:
        default_permissions = ()
        indexes = [
            GinIndex(OpClass(Upper(column), name="gin_trgm_ops"), name=f"customer_{column}_part")
            for column in ("name", "company_name")
        ] + [models.Index(Upper("name"), "customer", name="customer_name_start")]

    def __str__(self) -> str:
        return self.name


class FormerName(models.Model):
    """What a customer was called until it was renamed, written by a database trigger.

    Owners that it has left go on reading the name that they knew (customers.selectors.names).
    """

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="former_names")
    name = models.CharField(max_length=120)
    until = models.DateTimeField()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["customer", "until"], name="former_name_until")]

    def __str__(self) -> str:
        return self.name
