"""Who may set up the desk: the one check in front of every action in this package."""

from accounts.permitted import permitted

by_admin = permitted("desk.set_up")
# What leads may change too: rules, macros of everybody, rotations, reminders.
by_lead = permitted("desk.automate")
