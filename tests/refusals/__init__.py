"""Programs that must stay as they are, each with the expected reason on the line it is about."""
