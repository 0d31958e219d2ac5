"""What an admin sets up. Each action is journalled; forms show the words of its refusal."""
