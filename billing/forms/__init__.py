"""What people may type into forms of billing. Input only."""
