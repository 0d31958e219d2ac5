"""What the desk reads. Every function costs a fixed number of queries, however many rows there are."""
