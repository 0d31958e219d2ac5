"""Who calls the API, what they may do with it, and once only."""
