"""Any number of tickets of realistic text, by COPY."""
