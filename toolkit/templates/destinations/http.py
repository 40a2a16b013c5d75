"""An HTTP endpoint."""

from shared.destinations.http import HttpEndpoint

END = {"destination": HttpEndpoint("TARGET")}
