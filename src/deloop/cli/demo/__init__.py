"""``deloop demo``: three loops, what they become, and that nothing else changed."""
