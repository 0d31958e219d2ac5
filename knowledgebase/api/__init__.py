"""The wiki for programs."""
