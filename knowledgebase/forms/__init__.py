"""What people type into the wiki. Input only."""
