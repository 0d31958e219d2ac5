"""The wiki's vocabulary, chainable."""

from datetime import datetime

from django.db.models import Case, Count, F, Q, QuerySet, When

from accounts.choices import Role
from knowledgebase.choices import CheckOutcome, RevisionState, Visibility


class ArticleQuerySet(QuerySet):
    """Each name is a word that editors use."""

    def readable_by(self, person):
        """THE gate (A4): every page, search, suggestion, list, feed, file and link asks it and nothing else.

        Customers and strangers: what is published and not put away, of spaces that are for them. Staff: all of the
        spaces that are for them, unpublished and archived articles too. `person` may be None or anonymous.
        """
        if person is None or not person.is_authenticated or not person.is_active:
            return self._for_readers([Visibility.PUBLIC])
        if not person.is_staff_member:
            return self._for_readers([Visibility.PUBLIC, Visibility.CUSTOMERS])
        if Role.ADMIN in person.roles:
            return self.filter(space__isnull=False)
        return self.filter(
            Q(space__visibility__in=[Visibility.PUBLIC, Visibility.CUSTOMERS, Visibility.STAFF])
            | Q(space__visibility=Visibility.ROLE, space__roles__overlap=sorted(person.roles))
        )

    def _for_readers(self, visibilities: list[str]):
        return self.published().filter(space__visibility__in=visibilities, space__archived_at__isnull=True)

    def published(self):
        """Has a text that readers see, and is not put away."""
        return self.current().filter(published__isnull=False)

    def current(self):
        """Not put away."""
        return self.filter(archived_at__isnull=True)

    def waiting(self):
        """A revision of it waits for approval."""
        return self.filter(waiting=True)

    def to_mend(self):
        """Somebody said that it is wrong."""
        return self.current().exclude(needs_change="")

    def unverified(self, now: datetime):
        """Its published text should have been read whole again by now, or never was."""
        return self.published().filter(Q(verify_due_at__isnull=True) | Q(verify_due_at__lte=now))


class RevisionQuerySet(QuerySet):
    """The vocabulary of saved texts."""

    def waiting(self):
        """Handed in, and nobody has answered yet."""
        return self.filter(state=RevisionState.SUBMITTED)


class CampaignItemQuerySet(QuerySet):
    """The vocabulary of a month's reading."""

    def open(self):
        """Still to be read: never was, or its correction was turned down."""
        turned_down = Q(outcome=CheckOutcome.FIXED, fix__state__in=[RevisionState.SAVED, RevisionState.REJECTED])
        return self.filter(Q(outcome=CheckOutcome.OPEN) | turned_down)

    def waiting(self):
        """Read and corrected, and the correction waits for approval."""
        return self.filter(outcome=CheckOutcome.FIXED, fix__state=RevisionState.SUBMITTED)

    def in_force(self):
        """Of articles that are published still. What was put away need not be read."""
        return self.filter(
            article__archived_at__isnull=True,
            article__published__isnull=False,
            article__space__archived_at__isnull=True,
        )


# Who counts as one reader: a visitor, or all strangers of one network.
_READER = Case(When(network="", then=F("visitor")), default=F("network"))


class VoteQuerySet(QuerySet):
    """The vocabulary of what readers say."""

    def counted(self, *by: str):
        """Readers who say `yes` and who say `no`, by these fields. A network that says both counts on both sides."""
        yes, no = (Count(_READER, filter=Q(helpful=helpful), distinct=True) for helpful in (True, False))
        return self.order_by().values(*by).annotate(yes=yes, no=no)
