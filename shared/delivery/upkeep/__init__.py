"""What the timer does: the watchdog, the purge, thresholds and alarms."""
