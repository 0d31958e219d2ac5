"""What the desk lets the palette find."""

from supportdesk.lib import palette
from tickets.queries_desk import palette as found
from tickets.views.desk import articles
from tickets.views.settings.palette import pages


def register() -> None:
    """Called once the models are there."""
    palette.register("tickets", "Tickets", found.tickets, order=10)
    palette.register("customers", "Customers", found.customers, order=20)
    palette.register("views", "Views", found.views, order=30)
    palette.register("saved_replies", "Saved replies", found.saved_replies, order=40)
    palette.register("insert_article", "Articles for the reply", articles.in_palette, order=45)
    palette.register("settings", "Settings", pages, order=90)
