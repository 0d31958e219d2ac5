"""What a list of tickets may be narrowed by. Nothing else that stands in an address reaches the database (S25)."""

from django import forms
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import PermissionDenied, ValidationError

from accounts.rest.rights import has_scope
from supportdesk.lib.rest.fields import LARGEST_ID
from supportdesk.lib.rest.filters import FilterSet, IdFilter, MomentFilter, PlainField, SeveralFilter, TextFilter
from tickets.choices import Category, Channel, Priority, TicketType
from tickets.custom_fields import read_filter
from tickets.queries_desk.search import LONGEST, find, read
from tickets.support_choices import Support, Verdict


class _AssigneeField(PlainField):
    def clean(self, value):
        value = super().clean(value)
        is_number = value.isascii() and value.isdigit() and len(value) < 20 and 0 < int(value) <= LARGEST_ID
        if value and value not in ("me", "none") and not is_number:
            raise forms.ValidationError("Give the number of a person, or me, or none.")
        return int(value) if is_number else value


@extend_schema_field({"type": "string", "pattern": "^(me|none|[1-9][0-9]{0,17})$"})
class AssigneeFilter(filters.Filter):
    """A person's number, `me`, or `none`."""

    field_class = _AssigneeField

    def filter(self, queryset, value):
        if value == "none":
            return queryset.unassigned()
        if value == "me":
            return queryset.filter(assignee=self.parent.request.user)
        return queryset.filter(assignee=value) if value else queryset


class TagFilter(TextFilter):
    """Tickets that carry a tag."""

    def filter(self, queryset, value):
        return queryset.filter(tags__contains=[value.lower()]) if value else queryset


class OwnFieldFilter(TextFilter):
    """`field=serial_number=A-17`: tickets with this value in a field of the desk's own; `=*` for any."""

    def filter(self, queryset, value):
        if not value:
            return queryset
        condition = read_filter(value)
        if condition is None:
            raise ValidationError({"field": ["Write the key of a field, = and a value that it can hold."]})
        return queryset.filter(condition)


@extend_schema_field({"type": "string", "minLength": 1, "maxLength": LONGEST})
class SearchFilter(TextFilter):
    """What agents type into the search box. It looks into private notes too, so the token has to reach them (S29)."""

    def filter(self, queryset, value):
        if not value:
            return queryset
        request = self.parent.request
        if not has_scope(request, "notes:read"):
            raise PermissionDenied("A search looks into notes. This token needs the scope notes:read for it.")
        understood = read(value)
        if len(value) > LONGEST or understood.is_empty:
            raise ValidationError({"q": [f"Write 1 to {LONGEST} characters to look for."]})
        found = find(queryset, understood, person=request.user, now=timezone.now())
        if understood.ignored:
            raise ValidationError({"q": [f"This says nothing to us: {', '.join(understood.ignored)}."]})
        return found


class TicketFilters(FilterSet):
    """By what a ticket is, whose it is, and when it came."""

    category = SeveralFilter("category", choices=Category.choices)
    priority = SeveralFilter("priority", choices=Priority.choices)
    type = SeveralFilter("type", choices=TicketType.choices)
    channel = SeveralFilter("channel", choices=Channel.choices)
    support = SeveralFilter("support", choices=Support.choices)
    scope = SeveralFilter("scope", choices=Verdict.choices)
    team = IdFilter("team")
    status = IdFilter("status")
    assignee = AssigneeFilter()
    requester = IdFilter("requester")
    organisation = IdFilter("organisation")
    contact_reason = IdFilter("contact_reason")
    tag = TagFilter()
    field = OwnFieldFilter()
    created_after = MomentFilter("created_at", lookup_expr="gte")
    created_before = MomentFilter("created_at", lookup_expr="lt")
    updated_after = MomentFilter("updated_at", lookup_expr="gte")
    updated_before = MomentFilter("updated_at", lookup_expr="lt")
    q = SearchFilter()
