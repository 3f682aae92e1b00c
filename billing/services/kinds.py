"""Says what of a customer contradicts another kind: what it has that the kind cannot have."""

from collections.abc import Iterator

from accounts.choices import AccountKind, VoucherStatus
from accounts.models import Account, Trunk, Voucher
from customers.choices import Kind
from customers.models import Customer
from customers.permissions import allowed
from softswitch.core.errors import DomainError
from tariffs.models import Tariff


def check_kind(*, customer: Customer, kind: str) -> None:
    """Raise DomainError ``kind`` naming the counts of what ``customer`` has and ``kind`` cannot.

    Rights that the new kind excludes contradict nothing: they have no effect while it lasts.
    """
    if kind == customer.kind or kind not in Kind.values:
        return
    found = [f"{count} {name}" for name, count in _excluded(customer, kind) if count]
    if found:
        raise DomainError(
            "kind", f"It has {', '.join(found)}, which this kind cannot have.", field="kind"
        )


def _excluded(customer: Customer, kind: str) -> Iterator[tuple[str, int]]:
    """What the kind excludes, and how much of it is live."""
    areas = {right.split(".")[0] for right in allowed(kind)}
    accounts = Account.objects.live().filter(customer=customer)
    if "customers" not in areas:
        yield "live sub-customers", Customer.objects.direct_of(customer.pk).count()
    if "accounts" not in areas or kind == Kind.VIRTUAL:
        yield "SIP accounts", accounts.filter(kind=AccountKind.SIP).count()
    if "vouchers" not in areas:
        yield "prepaid cards", accounts.filter(kind=AccountKind.CARD).count()
        unused = Voucher.objects.filter(batch__customer=customer, status=VoucherStatus.ACTIVE)
        yield "unused vouchers", unused.count()
    if "trunks" not in areas:
        yield "trunks", Trunk.objects.live().filter(customer=customer).count()
    if "tariffs" not in areas:
        yield "tariffs", Tariff.objects.live().filter(owner=customer).count()
