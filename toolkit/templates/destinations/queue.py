"""An Azure queue."""

from shared.destinations.queue import QueueOf

END = {"destination": QueueOf("TARGET")}
