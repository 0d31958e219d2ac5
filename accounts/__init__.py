"""People, organisations, roles, sign-in, and the journal of who did what."""
