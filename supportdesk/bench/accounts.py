"""Finding an account among 100,000 by everything that a caller may say (E10), and opening one."""

from dataclasses import dataclass
from datetime import datetime
from random import Random

from django.db import connection, transaction

from accounts.choices import HandleSort
from accounts.models import Handle, Membership, Person
from accounts.phones import tail_of
from billing.models import Invoice, Shipment
from supportdesk.bench.scene import session_of
from supportdesk.bench.shop import measure_page
from supportdesk.load.people import copy_customers

USUAL_ACCOUNTS = 100_000
PHONES_A_THOUSAND = 250


@dataclass(frozen=True)
class AccountScene:
    """What callers say, by the kind of it, and whose account it is."""

    session: str
    person: int
    said: dict[str, str]


def set_account_scene(*, accounts: int, staff: Person, now: datetime) -> AccountScene:
    """As many people as `accounts`, every fourth with a telephone; a buyer, whom callers name in every way."""
    missing = accounts - Person.objects.count()
    if missing > 0:
        with transaction.atomic():
            copy_customers(missing, mark="accounts", now=now, random=Random(11))  # noqa: S311 - a repeatable load
    _give_telephones(now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE accounts_person, accounts_organisation, accounts_membership, accounts_handle")
    invoice = Invoice.objects.filter(number__isnull=False, customer__person__isnull=False).latest("pk")
    person = invoice.customer.person
    if person is None:
        raise RuntimeError("A loaded invoice belongs to a person.")
    member = Membership.objects.filter(person__handles__isnull=False).select_related("person").latest("pk")
    number = Handle.objects.filter(person=member.person).values_list("value", flat=True)[0]
    box = Shipment.objects.exclude(tracking_number="").order_by("-pk").values_list("tracking_number", flat=True).first()
    last4 = invoice.customer.cards.values_list("last4", flat=True).first() or "4242"
    said = {
        "name": person.name, "fragment": person.name[:4], "part of a word": person.name.split()[-1][1:5],
        "address": person.email, "domain": person.email.partition("@")[2], "invoice": str(invoice.number),
        "telephone": f"({number[-10:-7]}) {number[-7:-4]}-{number[-4:]}", "last seven digits": number[-7:],
        "last four": last4, "parcel": box or "1Z999AA10123456784", "misspelt": f"{person.name[:3]}{person.name[4:]}x",
        "nothing like it": "zyzzyvaquokka",
    }  # fmt: skip
    return AccountScene(session_of(staff), person.pk, said)


def measure(scene: AccountScene, host: str, port: int, *, rounds: int) -> dict[str, dict]:
    """Each search as the script asks for it while somebody types, beside a bare view of 20 rows; and the profile."""
    found = {}
    for kind, words in scene.said.items():
        path = f"/customers/?q={_quoted(words)}"
        found[f"accounts, {kind}"] = measure_page(path, scene.session, scene.session, host, port, rounds)
    found["accounts, a profile"] = measure_page(
        f"/customers/{scene.person}/", scene.session, scene.session, host, port, rounds
    )
    return found


def _give_telephones(now: datetime) -> None:
    keys = Membership.objects.order_by("pk").values_list("person_id", flat=True)
    numbers = [
        (f"+1403{place:07}", key) for place, key in enumerate(keys.iterator()) if place % 1000 < PHONES_A_THOUSAND
    ]
    rows = (
        Handle(sort=HandleSort.PHONE, value=value, tail=tail_of(value), person_id=key, created_at=now)
        for value, key in numbers
    )
    Handle.objects.bulk_create(rows, ignore_conflicts=True, batch_size=5_000)


def _quoted(words: str) -> str:
    return words.replace(" ", "+").replace("@", "%40").replace("(", "%28").replace(")", "%29")
