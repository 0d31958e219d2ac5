"""How the desk is set up. Everybody on the staff may look at most of it; admins change it."""
