"""What a desk keeps, by noun."""

from tickets.models.acting import BulkItem, BulkJob, Deed, ReasonLesson, ReasonWord
from tickets.models.automation import (
    Absence,
    Distribution,
    Handout,
    Happening,
    Macro,
    MacroUse,
    Nudge,
    NudgePlan,
    Rule,
    RuleRun,
    RuleVersion,
)
from tickets.models.channels import Call, Conversation, PassedMessage
from tickets.models.contact import ContactForm, ContactTopic
from tickets.models.conversation import Attachment, Message, Note
from tickets.models.desk import ContactReason, MailboxRoute, ReplyTemplate, Status, Team, TeamMember
from tickets.models.drafts import Draft, DraftFile, Mention
from tickets.models.entitlements import (
    ClaimLink,
    Entitlement,
    EntitlementCheck,
    EntitlementContact,
    PriorityClaim,
    PriorityOffer,
    SupportRules,
)
from tickets.models.fields import CustomField, Tag
from tickets.models.flows import (
    Case,
    CaseEvent,
    CaseTask,
    CaseVisit,
    Flow,
    FlowVersion,
    FollowUp,
    Stage,
    StageReminder,
    Welcome,
    Welcomed,
)
from tickets.models.history import Assignee, Closing
from tickets.models.imports import ColumnMapping, Imported, ImportFile, ImportRefusal, TicketImport
from tickets.models.inbox import Presence, SavedView
from tickets.models.practice import Apprentice, HeldReply, ProcessRules, ReasonProcess, RunPass, WikiDelta
from tickets.models.processes import ProcessRun, RunStep
from tickets.models.readings import Reading
from tickets.models.reasons import ReasonFeature, ReasonModel
from tickets.models.relations import TicketMove, TicketRelation
from tickets.models.scope import ScopeRule, ScopeTime, TicketScope
from tickets.models.search import DeskWord, FileText, WordsLearned
from tickets.models.service import BusinessCalendar, CalendarHoliday, CalendarInterval, ServiceLevel, ServiceTarget
from tickets.models.sources import DailyCount, InboundEvent, InboxSource, SourceGap, SourceItem
from tickets.models.start_of_day import Breach, DayCheck, DayLater, DayRules, DayRun, DeskDay
from tickets.models.ticket import AccessLink, ClockNotice, Participant, Ticket, TicketEvent

__all__ = [
    "Absence",
    "AccessLink",
    "Apprentice",
    "Assignee",
    "Attachment",
    "Breach",
    "BulkItem",
    "BulkJob",
    "BusinessCalendar",
    "CalendarHoliday",
    "CalendarInterval",
    "Call",
    "Case",
    "CaseEvent",
    "CaseTask",
    "CaseVisit",
    "ClaimLink",
    "ClockNotice",
    "Closing",
    "ColumnMapping",
    "ContactForm",
    "ContactReason",
    "ContactTopic",
    "Conversation",
    "CustomField",
    "DailyCount",
    "DayCheck",
    "DayLater",
    "DayRules",
    "DayRun",
    "Deed",
    "DeskDay",
    "DeskWord",
    "Distribution",
    "Draft",
    "DraftFile",
    "Entitlement",
    "EntitlementCheck",
    "EntitlementContact",
    "FileText",
    "Flow",
    "FlowVersion",
    "FollowUp",
    "Handout",
    "Happening",
    "HeldReply",
    "ImportFile",
    "ImportRefusal",
    "Imported",
    "InboundEvent",
    "InboxSource",
    "Macro",
    "MacroUse",
    "MailboxRoute",
    "Mention",
    "Message",
    "Note",
    "Nudge",
    "NudgePlan",
    "Participant",
    "PassedMessage",
    "Presence",
    "PriorityClaim",
    "PriorityOffer",
    "ProcessRules",
    "ProcessRun",
    "Reading",
    "ReasonFeature",
    "ReasonLesson",
    "ReasonModel",
    "ReasonProcess",
    "ReasonWord",
    "ReplyTemplate",
    "Rule",
    "RuleRun",
    "RuleVersion",
    "RunPass",
    "RunStep",
    "SavedView",
    "ScopeRule",
    "ScopeTime",
    "ServiceLevel",
    "ServiceTarget",
    "SourceGap",
    "SourceItem",
    "Stage",
    "StageReminder",
    "Status",
    "SupportRules",
    "Tag",
    "Team",
    "TeamMember",
    "Ticket",
    "TicketEvent",
    "TicketImport",
    "TicketMove",
    "TicketRelation",
    "TicketScope",
    "Welcome",
    "Welcomed",
    "WikiDelta",
    "WordsLearned",
]
