"""What customers read of their tax certificates. Reads only."""

from dataclasses import dataclass

from billing import exemptions
from billing.actions import certificates
from billing.choices import CertificateState
from billing.models import Certificate, Customer
from billing.paper_words import day_words
from billing.queries_orders import Step
from selfservice.review_time import Times

SHOWN = 3
ENDED = {
    CertificateState.EXPIRED: "Its last day is over.",
    CertificateState.REPLACED: "A newer one took its place.",
    CertificateState.WITHDRAWN: "It was taken back.",
}


@dataclass(frozen=True)
class Standing:
    """A certificate in a few words. `colour` is that of its chip; `words` say what follows."""

    certificate: Certificate
    place: str
    chip: str
    colour: str
    words: str
    counts: bool


def standing_of(certificate: Certificate, times: Times) -> Standing:
    """As it stands, for its owner; the reason of a rejection is read word for word (U36)."""
    place = exemptions.place_of(certificate.country, certificate.region)
    state, until = CertificateState(certificate.state), certificate.valid_until
    if state == CertificateState.PROVISIONAL:
        words = f"You are exempt straight away; a person checks it at the next review, {times.review}. If anything"
        return Standing(
            certificate, place, "Active now", "ok",
            f"{words} is wrong we write to you, and past orders stay as they are.", counts=True,
        )  # fmt: skip
    if state == CertificateState.APPROVED:
        is_over = until is not None and until < times.today
        words = f"Good until {day_words(until)}." if until else "It has no end."
        return Standing(
            certificate, place, "Expired" if is_over else "Approved", "" if is_over else "ok", words, counts=not is_over
        )
    if state == CertificateState.REJECTED:
        return Standing(certificate, place, "Not accepted", "bad", certificate.reason, counts=False)
    return Standing(certificate, place, state.label, "", ENDED[state], counts=False)


def page_of(certificate: Certificate, times: Times) -> dict:
    """One certificate: how it stands, what happened, what comes next."""
    standing = standing_of(certificate, times)
    held = [hold.shipment.order for hold in certificates.held_by(certificate)]
    return {
        "standing": standing,
        "ground": exemptions.GROUNDS.get(certificate.ground, ""),
        "steps": _steps(standing, times),
        "held": list({order.pk: order for order in held}.values()),
    }


def panel_of(customer: Customer, times: Times) -> list[Standing]:
    """For the account page: what counts, else the newest that does not. One query, and what `times` asks."""
    rows = [standing_of(one, times) for one in exemptions.of_customer(customer, limit=20)]
    counting = [one for one in rows if one.counts]
    shown = counting[:SHOWN] or rows[:1]
    refused = [
        one
        for one in rows
        if one.certificate.state == CertificateState.REJECTED
        and one not in shown
        and not any(_is_newer(other.certificate, one.certificate) for other in rows)
    ]
    return shown + refused[:1]


def _is_newer(one: Certificate, other: Certificate) -> bool:
    same_place = (one.country, one.region) == (other.country, other.region)
    return same_place and one.uploaded_at > other.uploaded_at


def _steps(standing: Standing, times: Times) -> list[Step]:
    """What happened and what comes next."""
    certificate, place = standing.certificate, standing.place
    steps = [Step("done", "You sent it", at=certificate.uploaded_at)]
    if certificate.state == CertificateState.PROVISIONAL:
        return [
            *steps,
            Step("now", f"You pay no tax in {place}", "From this moment on, for everything you order there."),
            Step("", "A person checks it", f"At the next review: {times.review}. You get an email."),
        ]
    if certificate.decided_at:
        title = "A person did not accept it" if certificate.reason else "A person approved it"
        steps.append(Step("done", title, at=certificate.decided_at))
    if certificate.ended_at and certificate.state in ENDED:
        steps.append(Step("done", certificate.get_state_display(), ENDED[CertificateState(certificate.state)],
                          certificate.ended_at))  # fmt: skip
    elif certificate.valid_until:
        steps.append(Step("", f"It ends after {day_words(certificate.valid_until)}", "We write to you before that."))
    if not standing.counts:
        words = f"It counts at once. Until then, orders for {place} carry tax unless another certificate frees them."
        steps.append(Step("", "You may send another one", words))
    return steps
