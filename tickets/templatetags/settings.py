"""Words of the settings pages."""

from django import forms, template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.access import can
from accounts.choices import Role
from accounts.models import Person
from mail.models import Mailbox
from supportdesk.lib.ui import form_errors, icon
from tickets.forms.durations import format_minutes

register = template.Library()


@register.filter
def may(person: Person, action: str) -> bool:
    """Whether `person` may do `action`: a page offers nothing that would be refused."""
    return can(person, action)


@register.filter
def role_name(role: str) -> str:
    """ "Admin" for `admin`."""
    return Role(role).label


@register.filter
def deed(action: str) -> str:
    """ "Grant role" for `accounts.grant_role`."""
    return action.rpartition(".")[2].replace("_", " ").capitalize()


@register.simple_tag
def mailbox_standing(mailbox: Mailbox) -> SafeString:
    """Whether a mailbox works, in a word with its picture."""
    if not mailbox.is_active:
        return format_html('<span class="chip">{}</span>', "Switched off")
    if mailbox.last_error:
        return format_html('<span class="chip bad">{}{}</span>', icon("alert"), "Does not answer")
    if mailbox.imap_host and mailbox.last_fetched_at is None:
        return format_html('<span class="chip wait">{}{}</span>', icon("clock"), "Not fetched yet")
    return format_html('<span class="chip ok">{}{}</span>', icon("check"), "Works")


@register.inclusion_tag("components/error_summary.html")
def all_errors(*shown: forms.BaseForm) -> dict:
    """One summary for a page whose form is made of several."""
    return {"problems": [problem for form in shown for problem in form_errors(form)["problems"]]}


@register.filter
def as_duration(minutes: int) -> str:
    """ "1 h 30 min" for 90."""
    return format_minutes(minutes)
