"""The async half; the sync half is made from it by scripts/unasync."""
