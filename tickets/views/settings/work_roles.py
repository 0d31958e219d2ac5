"""Who does what in processes and flows."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import WorkRole
from accounts.requests import PersonRequest
from accounts.work_roles import lanes
from supportdesk.lib.audience import staff_only
from tickets import setup_queries
from tickets.actions.setup import work_roles
from tickets.forms.settings.work_roles import WorkRoleForm
from tickets.views.settings.door import done, may, page

FORM = ["GET", "HEAD", "POST"]


@staff_only
@require_safe
def role_list(request: PersonRequest) -> HttpResponse:
    """Every role with its people; whose work went elsewhere says where to (D7)."""
    now_in = lanes()
    rows = [(role, now_in.fell(role.pk)) for role in setup_queries.work_roles()]
    return page(request, "work_role_list", "work_roles", rows=rows)


@may("desk.automate")
@require_http_methods(FORM)
def new_role(request: PersonRequest) -> HttpResponse:
    """Make a role."""
    return _form(request, None, WorkRoleForm(request.POST if request.method == "POST" else None))


@may("desk.automate")
@require_http_methods(FORM)
def role(request: PersonRequest, pk: int) -> HttpResponse:
    """Change a role."""
    row = get_object_or_404(WorkRole, pk=pk)
    shown = {
        "name": row.name, "about": row.about, "escalates_to": row.escalates_to_id,
        "members": list(row.members.values_list("person", flat=True)),
    }  # fmt: skip
    return _form(
        request, row, WorkRoleForm(request.POST if request.method == "POST" else None, role=row, initial=shown)
    )


def _form(request: PersonRequest, row: WorkRole | None, form: WorkRoleForm) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        given = {**form.cleaned_data, "by": request.user, "now": timezone.now()}
        try:
            if row:
                work_roles.change_role(role=row, **given)
            else:
                work_roles.create_role(**given)
        except work_roles.CannotChangeRole as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            return redirect("settings:work_roles")
    return page(request, "work_role_form", "work_roles", form=form, role=row)


@may("desk.automate")
@require_POST
def remove_role(request: PersonRequest, pk: int) -> HttpResponse:
    """Remove a role that nothing names."""
    row = get_object_or_404(WorkRole, pk=pk)
    done(
        request,
        lambda: work_roles.remove_role(role=row, by=request.user, now=timezone.now()),
        refusals=(work_roles.CannotChangeRole,),
        words=f"{row.name} is removed.",
    )
    return redirect("settings:work_roles")
