"""Products, orders, invoices, payments, refunds, cards, credit, tax and hours: the record is ours."""
