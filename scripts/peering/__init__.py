"""Other Python clients of TMDB against the simulator: what works, and why the rest does not."""
