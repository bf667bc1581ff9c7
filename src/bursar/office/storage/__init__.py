"""The database itself: where it stands, what would bring it up to date, and a checked copy of it on the other engine."""
