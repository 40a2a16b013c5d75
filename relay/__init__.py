"""MLLP in: a process next to the senders, which forwards each message to the hub over HTTP and returns the hub's own answer.

It never answers AA itself and stores nothing. If the hub gives no answer, it closes the connection, so that the sender sends
again.
"""
