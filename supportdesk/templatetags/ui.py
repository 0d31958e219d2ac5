"""`{% load ui %}`: what `supportdesk.lib.ui` offers, for templates."""

from django import template

from supportdesk.lib import ui

register = template.Library()

register.simple_tag(ui.icon)
register.simple_tag(ui.at)
register.simple_tag(ui.avatar)
register.simple_tag(ui.error_prefix)
register.simple_tag(ui.ago)
register.filter(ui.full_time)
register.inclusion_tag("components/field.html")(ui.field)
register.inclusion_tag("components/error_summary.html")(ui.form_errors)
