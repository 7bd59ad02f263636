"""What can stop a regeneration."""


class PipelineError(Exception):
    """A regeneration cannot go on; the message is one line for the person at the terminal."""
