"""What customers apply for, and what a reviewer decides."""
