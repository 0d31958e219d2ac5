"""What the desk does by itself, each effect once."""
