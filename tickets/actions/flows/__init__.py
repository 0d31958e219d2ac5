"""Flows: begin a case, carry it from stage to stage, and let time and customers move it."""
