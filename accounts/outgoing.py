"""Mail that signing in writes: codes, invitations, notices."""

from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string

from mail.actions.send import queue_mail
from mail.addresses import Address
from mail.choices import Kind
from mail.models import Mailbox


def queue_template(*, to: str, template: str, context: dict, now: datetime) -> None:
    """Put a mail into the outbox from `<template>_subject.txt` and `<template>_message.txt`."""
    queue_mail(**write_template(to=to, template=template, context=context, now=now))


def write_template(*, to: str, template: str, context: dict, now: datetime) -> dict:
    """The same mail as the arguments of `queue_mail`, for a caller who sends it only perhaps.

    Links in it start at SITE_URL, never at the Host a visitor sent (S43). It comes from the default mailbox, so that
    somebody who answers is heard.
    """
    subject, text = render_mail(template=template, context=context)
    mailbox = Mailbox.objects.default()
    return {
        "kind": Kind.TRANSACTIONAL,
        "mailbox": mailbox,
        "to": Address(to),
        "subject": subject,
        "text": text,
        "now": now,
    }


def render_mail(*, template: str, context: dict) -> tuple[str, str]:
    """Subject and text."""
    context = {"site_url": settings.SITE_URL, "site_name": settings.SITE_NAME, **context}
    subject = " ".join(render_to_string(f"{template}_subject.txt", context).split())
    return subject, render_to_string(f"{template}_message.txt", context).strip() + "\n"
