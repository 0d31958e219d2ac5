"""Who is entitled to priority on a ticket: shown, only said, confirmed by mail, vouched for.

`at_opening.weigh` runs with every new ticket, `granting.grant` is the only door to the badge and its clocks.
"""
