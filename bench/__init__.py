"""How fast ingest is, measured: `jellyroll bench ingest`."""
