"""What can be wrong with a training: functions that look at one thing and yield findings."""
