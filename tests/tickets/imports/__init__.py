"""Tickets and people of other desks."""
