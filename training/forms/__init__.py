"""Input of trainers and leads."""
