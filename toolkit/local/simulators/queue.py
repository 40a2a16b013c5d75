"""A storage queue that takes messages and misbehaves on command: ``Put Message`` of the queue service, and nothing else of it."""

import base64
from collections.abc import Mapping
from email.utils import formatdate
from typing import ClassVar
from uuid import uuid4

from aiohttp import web

from shared.xml.parse import parse
from toolkit.local.simulators.endpoint import BEHAVIOURS, Endpoint

ACCOUNT, QUEUE = "simulated", "messages"
KEY = base64.b64encode(b"the local queue's key").decode()
TIMES = ("InsertionTime", "ExpirationTime", "TimeNextVisible")


class Queue(Endpoint):
    """``async with Queue() as queue``; ``queue.bodies`` has the messages as they were before base64."""

    path = f"/{ACCOUNT}/{QUEUE}/messages"
    behaviours: ClassVar[Mapping[str, str]] = BEHAVIOURS

    @property
    def settings(self) -> dict[str, str]:
        """What points a destination at this simulator."""
        address = f"http://{self.host}:{self.port}/{ACCOUNT}"
        connection = f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};QueueEndpoint={address};"
        return {"QUEUE": QUEUE, "CONNECTION": connection}

    def read(self, body: bytes) -> bytes:
        """The message in the body of a request."""
        return base64.b64decode(parse(body).findtext("MessageText") or "")

    def accept(self, message: bytes, behaviour: str) -> web.Response:
        """The answer of the queue service: the id of the message, and times."""
        times = "".join(f"<{name}>{formatdate(usegmt=True)}</{name}>" for name in TIMES)
        put = f"<QueueMessage><MessageId>{uuid4()}</MessageId><PopReceipt>simulated</PopReceipt>{times}</QueueMessage>"
        return web.Response(text=f"<QueueMessagesList>{put}</QueueMessagesList>", status=201, content_type="application/xml")
