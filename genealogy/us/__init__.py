"""The US production ledger: what was made, sold and is eligible, and what it rests on."""
