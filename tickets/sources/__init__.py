"""What other desks' programs post and export, in one shape. Reads bytes, writes nothing, knows no model.

Shapes are those of the public documentation; tests/tickets/start_of_day/shapes holds one of each.
"""
