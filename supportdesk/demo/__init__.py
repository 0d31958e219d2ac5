"""One believable company: a Canadian maker of robot kits and licences, and the American schools that write to it."""
