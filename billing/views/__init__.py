"""Pages and doors of billing: payments, the provider's posts, and what staff look after."""
