"""The daily review: its rules, its sessions, and every decision."""

from selfservice.models.review import Decision, ReviewClaim, ReviewReason, ReviewRules, ReviewSession, ReviewSkip

__all__ = ["Decision", "ReviewClaim", "ReviewReason", "ReviewRules", "ReviewSession", "ReviewSkip"]
