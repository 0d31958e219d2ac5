"""The desk for programs: tickets, messages, notes, files."""
