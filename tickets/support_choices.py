"""The words of entitlements and of what we support."""

from django.db.models import TextChoices


class Support(TextChoices):
    """What a ticket's customer may ask for, as far as somebody proved it. Nothing: the standard queue."""

    CLAIMED = "claimed", "Claimed"
    PRIORITY = "priority", "Priority"
    ENDED = "ended", "Support ended"


class Wish(TextChoices):
    """How a customer wants to be helped, where they asked for more than an answer in writing."""

    CALL = "call", "A call"
    REMOTE = "remote", "A look at their screen"


class CheckMethod(TextChoices):
    """By what somebody showed, or only said, that they are entitled."""

    CLAIM = "claim", "They say so"
    SESSION = "session", "Signed in"
    HMAC = "hmac", "Signed by the site they came from"
    EMAIL_CODE = "email_code", "Confirmed by a mailed link"
    MAIL = "mail", "Mail that their domain signed"
    ATTESTED = "attested", "An agent vouches for it"


# What proves something. Words and typed addresses do not; a mail does only with a signature of its sender's domain.
PROVING = (
    CheckMethod.SESSION, CheckMethod.HMAC, CheckMethod.EMAIL_CODE, CheckMethod.MAIL, CheckMethod.ATTESTED,
)  # fmt: skip


class CheckResult(TextChoices):
    """What a check came to."""

    ENTITLED = "entitled", "Entitled"
    CLAIMED = "claimed", "Claimed, not proven"
    ENDED = "ended", "It had ended"
    USED_UP = "used_up", "No incident was left"
    DENIED = "denied", "A contact says that it is not theirs"


class Verdict(TextChoices):
    """How far we help with something."""

    FULL = "full", "Supported"
    BEST_EFFORT = "best_effort", "Best effort"
    NONE = "none", "Not supported"


class ForWhom(TextChoices):
    """Whose tickets a rule is about."""

    ANYBODY = "", "Everybody"
    PRIORITY = "priority", "With priority support"
    STANDARD = "standard", "Without priority support"
