"""Says what of a customer contradicts another kind: what it has that the kind cannot have."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.choices import AccountKind, VoucherStatus
from accounts.models import Account, Trunk, Voucher
from customers.choices import Kind
from customers.models import Customer
from customers.permissions import allowed
from softswitch.core.display import listed
from softswitch.core.errors import DomainError
from tariffs.models import Tariff


def check_kind(*, customer: Customer, kind: str) -> None:
    """Raise DomainError ``kind`` naming the counts of what ``customer`` has and ``kind`` cannot.

    Rights that the new kind excludes contradict nothing: they have no effect while it lasts.
    """
    if kind == customer.kind or kind not in Kind.values:
        return
    found = [text % {"count": count} for text, count in _excluded(customer, kind) if count]
    if found:
        raise DomainError(
            "kind",
            _("It has %(what)s, which this kind cannot have.") % {"what": listed(found)},
            field="kind",
        )


def _excluded(customer: Customer, kind: str) -> Iterator[tuple[str, int]]:
    """What the kind excludes, and how much of it is live."""
    areas = {right.split(".")[0] for right in allowed(kind)}
    accounts = Account.objects.live().filter(customer=customer)
    if "customers" not in areas:
        live = Customer.objects.direct_of(customer.pk).count()
        yield ngettext("%(count)s live sub-customer", "%(count)s live sub-customers", live), live
    if "accounts" not in areas or kind == Kind.VIRTUAL:
        sip = accounts.filter(kind=AccountKind.SIP).count()
        yield ngettext("%(count)s SIP account", "%(count)s SIP accounts", sip), sip
    if "vouchers" not in areas:
        cards = accounts.filter(kind=AccountKind.CARD).count()
        yield ngettext("%(count)s prepaid card", "%(count)s prepaid cards", cards), cards
        active = Voucher.objects.filter(batch__customer=customer, status=VoucherStatus.ACTIVE)
        unused = active.count()
        yield ngettext("%(count)s unused voucher", "%(count)s unused vouchers", unused), unused
    if "trunks" not in areas:
        trunks = Trunk.objects.live().filter(customer=customer).count()
        yield ngettext("%(count)s trunk", "%(count)s trunks", trunks), trunks
    if "tariffs" not in areas:
        tariffs = Tariff.objects.live().filter(owner=customer).count()
        yield ngettext("%(count)s tariff", "%(count)s tariffs", tariffs), tariffs
