"""The customer's own pages: store, cart, checkout, invoices and account."""
