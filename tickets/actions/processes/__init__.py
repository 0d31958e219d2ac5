"""Processes of the wiki, done on tickets: begin, take, do, skip, follow a newer version.

Every verb locks the ticket and then the run, so that of two at once one comes second and sees what the first did.
"""

from tickets.actions.processes.following import sync, sync_preview
from tickets.actions.processes.starting import start_run, stop_run
from tickets.actions.processes.stepping import claim, finish, hand_back, skip, take_back

__all__ = ["claim", "finish", "hand_back", "skip", "start_run", "stop_run", "sync", "sync_preview", "take_back"]
