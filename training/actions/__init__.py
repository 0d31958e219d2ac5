"""What is done to bookings, by noun."""
