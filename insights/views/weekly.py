"""Whether somebody is mailed the founder's page on Mondays: their own choice, like their other notifications."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import can
from accounts.requests import PersonRequest
from insights.actions import weekly
from insights.models import WeeklyReader
from supportdesk.lib.audience import signed_in


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def choose(request: PersonRequest) -> HttpResponse:
    """Say yes or no. Anything else changes nothing. It is one's own, so an observer may choose it too."""
    if not request.user.is_staff_member:
        raise Http404
    if not can(request.user, "insights.see"):
        raise PermissionDenied
    if request.method == "POST":
        wanted = request.POST.get("wanted", "")
        if wanted in ("yes", "no"):
            weekly.choose(person=request.user, is_wanted=wanted == "yes", now=timezone.now())
            messages.success(request, "You get it every Monday." if wanted == "yes" else "You get it no more.")
        return redirect("insights:weekly")
    is_reader = WeeklyReader.objects.filter(person=request.user).exists()
    return render(request, "insights/weekly.html", {"section": "you", "is_reader": is_reader})
