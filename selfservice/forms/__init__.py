"""What customers type. Every field is named; anything else that a browser sends is not read (S26)."""
