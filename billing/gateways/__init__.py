"""The outside world of billing: the payment provider and the carriers, each with a sandbox behind the same door."""
