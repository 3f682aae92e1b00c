"""The catalogue of events: of each its fields, its neutral words and who is told."""

from notifications.catalogue import access, invoices, money, reports, service
from notifications.catalogue.kinds import Field, Kind
from notifications.choices import Event

CATALOGUE: dict[Event, Kind] = {
    kind.event: kind
    for module in (access, money, invoices, service, reports)
    for kind in module.KINDS
}

__all__ = ["CATALOGUE", "Field", "Kind"]
