"""What may happen to a timer."""
