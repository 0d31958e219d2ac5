"""Our customers as the payment provider knows them: made when first needed, once."""

import hashlib
from datetime import datetime

from django.conf import settings

from billing.gateways import keys
from billing.gateways import stripe as gateway
from billing.models import Customer


def at_provider(*, customer: Customer, now: datetime) -> str:
    """The provider's id of a customer. Asks the provider where there is none yet; call it outside any transaction.

    Two at once, or a process that is killed before it could write the id down, end with one: the key is the same.
    An id of the sandbox is no id for the real provider, so after the first keys were set another one is made.
    Raises NotKnown, ProviderRefused.
    """
    known = customer.provider_id
    if known and keys.knows(known):
        return known
    name = customer.name or f"Customer {customer.pk}"
    mark = hashlib.sha256(f"{settings.SECRET_KEY}:{customer.pk}:{name}".encode()).hexdigest()[:24]
    made = gateway.make_customer(name=name, email="", reference=f"customer:{mark}", key=f"customer:{mark}")
    Customer.objects.filter(pk=customer.pk, provider_id=known).update(provider_id=made)
    customer.refresh_from_db(fields=["provider_id"])
    return customer.provider_id or made
