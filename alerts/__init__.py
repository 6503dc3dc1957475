"""Alerts: one per cause, its life by ISA-18.2, and the signed webhook that tells of it."""
