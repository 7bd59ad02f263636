"""What waits, written once: the async half. The sync half is made from it by scripts/unasync."""
