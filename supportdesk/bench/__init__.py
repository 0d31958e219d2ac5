"""What the product costs: time, queries, bytes and memory, beside a bare view in the same process."""
