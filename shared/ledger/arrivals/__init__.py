"""The accepting side: a message is stored once, recognised when it is sent again, or recorded as rejected."""
