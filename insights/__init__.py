"""Reports and surveys: what the desk did, and what customers say about it."""
