"""How the local host starts a function: HTTP, queues, timers, Event Grid."""
