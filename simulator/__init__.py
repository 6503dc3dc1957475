"""A simulated cell line: what its machines publish, with faults of known truth."""
