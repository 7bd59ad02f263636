"""Many calls of one method: a few at once, results as they come, and a file to go on from."""
