"""One module for each command of ``./hub``; what is heavy is imported inside the function that needs it."""
