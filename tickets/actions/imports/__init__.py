"""Bring people and tickets of another desk here: begin, work slice by slice, end. See tickets.models.imports."""
