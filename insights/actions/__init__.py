"""What insights does: gather, count, ask, take answers."""
