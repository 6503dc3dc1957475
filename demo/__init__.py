"""The main job: a pilot line with a fault, from simulator to webhook, on real services."""
