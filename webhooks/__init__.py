"""Outgoing webhooks: what happened is a row, and its delivery another."""
