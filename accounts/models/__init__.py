"""Who people are, whom they belong to, what they may do, and what they did."""

from accounts.models.counts import CacheEntry, ThrottleCount
from accounts.models.entering import ApiRequest, ApiToken, Invite, SignInCode
from accounts.models.identity import ActionRequest, IdentityCheck, ResetLink
from accounts.models.journal import JournalEntry
from accounts.models.people import Handle, Membership, NotificationChoice, Organisation, Person
from accounts.models.readings import AccountEvent, ProfileReading, ReadingDay
from accounts.models.roles import Grant, WorkRole, WorkRoleMember
from accounts.models.rules import BackOfficeRules

__all__ = [
    "AccountEvent",
    "ActionRequest",
    "ApiRequest",
    "ApiToken",
    "BackOfficeRules",
    "CacheEntry",
    "Grant",
    "Handle",
    "IdentityCheck",
    "Invite",
    "JournalEntry",
    "Membership",
    "NotificationChoice",
    "Organisation",
    "Person",
    "ProfileReading",
    "ReadingDay",
    "ResetLink",
    "SignInCode",
    "ThrottleCount",
    "WorkRole",
    "WorkRoleMember",
]
