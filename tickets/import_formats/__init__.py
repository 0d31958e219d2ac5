"""Exports of other desks, read. No database: bytes become records, and what cannot be read says why."""
