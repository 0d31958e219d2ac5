"""What admins enter. Every field is named here; anything else that a browser sends is not read (S26)."""
