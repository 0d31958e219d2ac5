"""The start of the day: its rows, what sources tell, what is counted, and how a person's start ends."""
