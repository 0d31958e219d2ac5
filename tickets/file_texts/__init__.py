"""What files say, for the search. Strangers send these files: they are read in a process of their own, under limits."""
