"""Facts that reports count, what customers said, what support costs, and the programmes that lower it."""

from insights.models.activity import ActiveCount, ActiveMonth, WeeklyReader
from insights.models.costs import CostRules, MonthCost
from insights.models.customer_day import (
    CardPick,
    CustomerDay,
    CustomerDayRules,
    Observation,
    ObservationMove,
    ReasonCover,
)
from insights.models.facts import Answer, DirtyDay, Figure, Gathered, Progress, Turn
from insights.models.goals import Goal, Goals, GoalsRead
from insights.models.invoice_month import InvoiceAction, InvoiceMonth, InvoiceRules, IssuedCount
from insights.models.problems import (
    Announcement,
    DirtyMonth,
    Driver,
    DriverMonth,
    EngEffort,
    Handled,
    Problem,
    ProblemMove,
    ProblemTicket,
    Told,
)
from insights.models.surveys import Survey, SurveyMonth, SurveyRules

__all__ = [
    "ActiveCount", "ActiveMonth", "Announcement", "Answer", "CardPick", "CostRules", "CustomerDay", "CustomerDayRules",
    "DirtyDay", "DirtyMonth", "Driver", "DriverMonth", "EngEffort", "Figure", "Gathered", "Goal", "Goals", "GoalsRead",
    "Handled", "InvoiceAction", "InvoiceMonth", "InvoiceRules", "IssuedCount", "MonthCost", "Observation",
    "ObservationMove", "Problem", "ProblemMove", "ProblemTicket", "Progress", "ReasonCover", "Survey", "SurveyMonth",
    "SurveyRules", "Told", "Turn", "WeeklyReader",
]  # fmt: skip
