"""The processing side: one worker at a time claims a lane, and settles its messages."""
