"""What is normal, where it drifts and which machine or position is behind it."""
