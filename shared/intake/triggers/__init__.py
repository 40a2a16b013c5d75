"""The functions that Azure starts: an HTTP request, a queue message, an event, the timer."""
