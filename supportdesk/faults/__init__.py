"""What must hold after any fault, and the faults."""
