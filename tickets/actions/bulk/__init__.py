"""One deed on many tickets: chosen, done in the background, taken back."""
