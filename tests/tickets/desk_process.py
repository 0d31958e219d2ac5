"""A process of the desk on the database of a test: `python -m tests.tickets.desk_process VERB NUMBER…`.

It waits for a line on standard input before it acts, so that a test can let two go at once.
"""

import os
import sys
from datetime import datetime

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django
from django.conf import settings

settings.DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE"]
django.setup()

# Below here the models exist.
# ruff: noqa: E402
from accounts.models import Person
from knowledgebase.models import Article
from tickets.actions import deeds, drafts, held_replies, merge, passing, processes, relations, reply, split, state
from tickets.actions.automation import macros
from tickets.actions.bulk import run
from tickets.actions.flows import by_hand, falling_due
from tickets.actions.intake import add_customer_message
from tickets.actions.note import add_note
from tickets.actions.take_in import take_in
from tickets.models import BulkJob, Case, Deed, Draft, HeldReply, Macro, Message, ProcessRun, RunStep, Ticket
from tickets.refusals import Refused
from timers.actions.sweep import sweep


def together(verb: str, ticket: Ticket, person: Person, keys: list[int], now: datetime) -> str:
    if verb == "merge":
        merge.merge(ticket=ticket, into=Ticket.objects.get(pk=keys[2]), by=person, now=now)
    elif verb == "unmerge":
        merge.unmerge(ticket=ticket, by=person, now=now)
    elif verb == "split":
        split.split(ticket=ticket, messages=keys[2:], subject="Another thing", by=person, now=now)
    elif verb == "unsplit":
        split.unsplit(ticket=ticket, by=person, now=now)
    else:
        one, other = ticket, Ticket.objects.get(pk=keys[2])
        relations.relate(one=one, other=other, kind="parent", by=person, now=now)
    return "done"


def composed(verb: str, ticket: Ticket, person: Person, keys: list[int], now: datetime) -> str:
    form = drafts.Form("a" * 32)
    if verb == "reply_form":
        reply.reply(ticket=ticket, by=person, text="Thirty.", last_seen=keys[2], now=now, form=form)
    elif verb == "note_form":
        add_note(ticket=ticket, by=person, text="Thirty.", now=now, form=form)
    else:
        known = drafts.mark_of(Draft.objects.filter(ticket=ticket, person=person).first())
        drafts.save_draft(ticket=ticket, by=person, kind="reply", text="Thirty", known=known, key=form.key, now=now)
    return "done"


def texted(provider_id: str, now: datetime) -> str:
    sender = passing.Sender("+14035550147")
    _, is_new = passing.take_in(channel="sms", provider_id=provider_id, sender=sender, text="Hello", now=now)
    return "new" if is_new else "known"


def stepped(verb: str, keys: list[int], now: datetime) -> str:
    by = Person.objects.get(pk=keys[1])
    if verb == "send_held":
        held_replies.send(held=HeldReply.objects.get(pk=keys[0]), by=by, now=now)
    elif verb == "start_run":
        article = Article.objects.get(pk=keys[2])
        processes.start_run(ticket=Ticket.objects.get(pk=keys[0]), article=article, by=by, now=now)
    elif verb == "sync_run":
        run = ProcessRun.objects.get(pk=keys[0])
        processes.sync(run=run, to=keys[2], visit=keys[3], by=by, now=now)
    else:
        getattr(processes, verb.removesuffix("_step"))(step=RunStep.objects.get(pk=keys[0]), by=by, now=now)
    return "done"


def main(verb: str, *numbers: str) -> str:
    now = datetime.fromisoformat(os.environ["NOW"])
    keys = [int(number) for number in numbers]
    print("ready", flush=True)
    sys.stdin.readline()
    if verb == "take_in":
        return take_in(raw_id=keys[0], now=now).outcome
    if verb == "text":
        return texted(numbers[0], now)
    if verb == "remind":
        return str(falling_due.remind(case_id=keys[0], visit=keys[1], number=keys[2], now=now))
    if verb == "go_on":
        by_hand.go_on(case=Case.objects.get(pk=keys[0]), visit=keys[1], by=Person.objects.get(pk=keys[2]), now=now)
        return "done"
    if verb.endswith(("_step", "_run", "_held")):
        return stepped(verb, keys, now)
    if verb == "sweep":
        return str(sweep(now=now).done)
    if verb == "take_back":
        return reply.take_back(message=Message.objects.get(pk=keys[0]), by=Person.objects.get(pk=keys[1]), now=now)
    if verb == "bulk":
        return str(run.run(job_id=keys[0], now=now))
    if verb == "undo_bulk":
        run.undo(job=BulkJob.objects.get(pk=keys[0]), by=Person.objects.get(pk=keys[1]), now=now)
        return str(run.run(job_id=keys[0], now=now))
    if verb == "undo":
        deeds.undo(deed=Deed.objects.get(pk=keys[0]), by=Person.objects.get(pk=keys[1]), now=now)
        return "done"
    ticket, person = Ticket.objects.get(pk=keys[0]), Person.objects.get(pk=keys[1])
    if verb in ("merge", "unmerge", "split", "unsplit", "relate"):
        return together(verb, ticket, person, keys, now)
    if verb.endswith("_form"):
        return composed(verb, ticket, person, keys, now)
    if verb == "reply":
        reply.reply(ticket=ticket, by=person, text="Thirty.", last_seen=keys[2], now=now)
    elif verb == "macro":
        macros.apply(macro=Macro.objects.get(pk=keys[2]), ticket=ticket, by=person, now=now, key="job")
    elif verb == "close":
        state.close_ticket(ticket=ticket, by=person, now=now, unanswered=True)
    elif verb == "write":
        add_customer_message(ticket=ticket, person=person, text="One more.", channel="web", now=now)
    return "done"


if __name__ == "__main__":
    try:
        print(main(*sys.argv[1:]), flush=True)
    except Refused as refusal:
        print(type(refusal).__name__, flush=True)
