"""What may happen to endpoints, events and deliveries."""
