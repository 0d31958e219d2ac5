"""`{% load backoffice %}`: what the page of an account shows of addresses, changes and parcels."""

from datetime import datetime

from django import template

from accounts.choices import RequestKind
from accounts.masking import masked_email, masked_number
from accounts.models import ActionRequest, Person
from billing.models import Shipment
from tickets.queries_desk import back_office

register = template.Library()
register.filter("masked_email", masked_email)
register.filter("carrier_page", back_office.carrier_page)


@register.filter
def safe_name(person: Person) -> str:
    """The name of an account, or its masked address where it has none."""
    return person.name or masked_email(person.email)


@register.filter
def masked_change(request: ActionRequest) -> str:
    """ "From c•••@old.example to c•••@new.example" """
    mask = masked_number if request.kind == RequestKind.CHANGE_PHONE else masked_email
    return f"From {mask(request.old_value) if request.old_value else 'none'} to {mask(request.new_value)}"


@register.filter
def is_silent(parcel: Shipment, now: datetime) -> bool:
    """`{{ box|is_silent:now }}`: whether its carrier has not answered for a while."""
    return back_office.is_silent(parcel, now)
