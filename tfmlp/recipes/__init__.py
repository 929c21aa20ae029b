"""Named configurations, and the one that each kind of dataset uses by default."""
