"""The acknowledgement of a file, written back as a file: for a sender who drops files and reads no queue.

It is in a container of its own, in the folder of the integration, because a file in the inbox would be taken as a message. It is
written before the file leaves the inbox: after a crash the file is taken again, and gets the same acknowledgement.
"""

from hashlib import sha256

from shared import formats
from shared.envelope import Answer
from shared.hub import Hub
from shared.intake.inbox.files import File, file_trigger, home
from shared.integration import Integration
from shared.storage import names

DIGITS = 32


async def write_back(integration: Integration, file: File, answer: Answer, hub: Hub) -> None:
    """The acknowledgement of this file, if the integration declares one; a newer one replaces that of an older file."""
    trigger = file_trigger(integration)
    if trigger and trigger.acknowledges:
        await hub.store.write_blob(names.ACKNOWLEDGEMENTS, place(integration, file.name, answer.content_type), answer.body)


def place(integration: Integration, name: str, content_type: str) -> str:
    """Where the acknowledgement of a file is: the first 32 hexadecimal digits of the SHA-256 of its path below the folder.

    A file's name may be about a person, the acknowledgement is kept longer than the file, and the logs of storage have the names
    of blobs. So the name itself never stays. The sender can compute the hash. Each path has an acknowledgement of its own.
    """
    form = formats.naming(content_type)
    own = sha256(name.removeprefix(home(integration)).encode()).hexdigest()[:DIGITS]
    return f"{integration.name}/{own}.acknowledgement.{form.extension if form else 'txt'}"
