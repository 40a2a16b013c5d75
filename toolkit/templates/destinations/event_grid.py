"""Event Grid: an event announces each message, and never carries it."""

from shared.destinations.event_grid import Topic

END = {
    "destination": Topic("TARGET"),
    "subscribers": (),  # the integrations that read the messages: without one, only the event is left after it is published
}
