"""Named configurations, and which is a dataset's default."""
