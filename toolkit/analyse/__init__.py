"""What becomes of each element of a message, and what a changed rule would alter."""
