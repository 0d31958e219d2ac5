"""What the company knows: spaces, articles, revisions, processes, campaigns, search."""
