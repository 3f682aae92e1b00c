"""What the rows of accounts, trunks and hosts share."""


def is_near(customer: object, actor: object) -> bool:
    """Whether the actor may edit what belongs to ``customer``: its own, or a direct one's."""
    pk, owner = getattr(customer, "pk", None), getattr(customer, "owner_id", None)
    return getattr(actor, "customer_id", None) in (pk, owner)
