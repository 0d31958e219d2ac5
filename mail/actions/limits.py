"""How much automatic mail an address may get, in all and about one subject, and everybody together (case 86, S12, S13).

Counted when a mail is first sent, one mail a transaction, so that two senders never wait for each other in a circle.
"""

from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Sum

from mail.choices import AUTOMATIC, Kind
from mail.models import OutgoingMail, SendCounter
from supportdesk.lib.locks import take_transaction_lock

# (how many, in how many minutes). The first two lists are Zammad's, grown in years of loops with other help desks.
TO_ONE_ADDRESS_ABOUT_ONE_SUBJECT = ((10, 10), (15, 30), (25, 60), (50, 180), (100, 600))
TO_ONE_ADDRESS = ((30, 10), (60, 30), (120, 60), (240, 180), (360, 600))
ACKNOWLEDGEMENTS_TO_ONE_ADDRESS = ((1, 10), (2, 60), (3, 1440))
ACKNOWLEDGEMENTS_TO_ALL = ((600, 10), (2000, 60))

Rule = tuple[str, tuple[tuple[int, int], ...], str]  # what is counted, its limits, and what to say

COUNT = """
insert into mail_sendcounter as counter (key, minute, count) values (%s, %s, 1)
on conflict (key, minute) do update set count = counter.count + 1
"""


def exceeded_limit(*, mail: OutgoingMail, now: datetime) -> str:
    """Count `mail` and answer "", or answer the sentence that says which limit it would break and count nothing.

    Only automatic mail is counted. A person's reply is never held back. Needs a transaction.
    """
    if mail.kind not in AUTOMATIC:
        return ""
    rules = _rules(mail)
    for key, limits, sentence in rules:
        take_transaction_lock(f"mail.limit:{key}")
        if any(_sent(key, minutes, now) >= most for most, minutes in limits):
            return sentence
    minute = now.replace(second=0, microsecond=0)
    with connection.cursor() as cursor:
        for key, _, _ in rules:
            cursor.execute(COUNT, [key, minute])
    return ""


def forget_old_counts(*, now: datetime) -> int:
    """Remove counts that no limit looks at any more."""
    return SendCounter.objects.filter(minute__lt=now - timedelta(days=2)).delete()[0]


def _rules(mail: OutgoingMail) -> list[Rule]:
    # Always in this order, or two senders could each hold what the other waits for.
    to = mail.to_address
    sentence = "This address already got many automatic mails in a short time."
    rules: list[Rule] = [
        (f"to:{to}", TO_ONE_ADDRESS, sentence),
        (f"to:{to}:{mail.subject_key}", TO_ONE_ADDRESS_ABOUT_ONE_SUBJECT, sentence),  # no subject counts as one
    ]
    if mail.kind == Kind.ACKNOWLEDGEMENT:
        sentence = "This address got an acknowledgement a short time ago."
        rules.append((f"ack:{to}", ACKNOWLEDGEMENTS_TO_ONE_ADDRESS, sentence))
        rules.append(("ack", ACKNOWLEDGEMENTS_TO_ALL, "Very many acknowledgements are being sent just now."))
    return rules


def _sent(key: str, minutes: int, now: datetime) -> int:
    rows = SendCounter.objects.filter(key=key, minute__gt=now - timedelta(minutes=minutes))
    return rows.aggregate(all=Sum("count"))["all"] or 0
