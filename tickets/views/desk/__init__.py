"""The agent's desk: inbox, ticket, actions, set-aside and undelivered mail."""
