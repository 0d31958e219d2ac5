"""What we support, on a ticket: judged by the rules of its day, overridden by a lead, and the minutes beyond it."""
