"""What customers open: ask, read, answer, close. Nothing here can reach what staff say among themselves (S29)."""
