"""Where messages go. Each module declares one kind of destination; connections and SDKs are met only when one delivers."""
