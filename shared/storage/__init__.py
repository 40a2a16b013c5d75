"""Tables, queues and blobs: the interface, the implementation on Azure Storage, and the one in memory."""
