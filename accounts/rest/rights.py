"""What a request needs: a scope of its token and a right of its person, looked up now (S22, S28)."""

from typing import cast

from django.http import Http404
from django.utils import timezone
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts import access
from accounts.rest.call import Call
from supportdesk.lib.audience import READING


class Rights(BasePermission):
    """A view's `needs` names scope and right for each method. Customers find nothing; an observer changes nothing."""

    def has_permission(self, request: Request, view) -> bool:
        if not request.user.is_authenticated:
            return False
        if not request.user.is_staff_member:
            raise Http404
        method = "GET" if request.method == "HEAD" else request.method
        if method not in view.needs:
            return request.method in READING or request.user.roles != {"observer"}
        scope, right = view.needs[method]
        if scope and not has_scope(cast(Call, request), scope):
            raise PermissionDenied(f"This token may not do this. It needs the scope {scope}.")
        if method in READING:
            return not right or access.can(request.user, right)
        access.require(request.user, right, now=timezone.now())
        return True


def has_scope(request: Call, scope: str) -> bool:
    """Whether the token of this request reaches that far. A session reaches as far as its person."""
    if request.auth is None:
        return True
    area, _, verb = scope.partition(":")
    return scope in request.auth.scopes or (verb == "read" and f"{area}:write" in request.auth.scopes)
