"""The settings of the private PostgreSQL."""

from __future__ import annotations

import os

_MEGABYTE = 1024 * 1024

_SETTINGS = """\
# Written by Jellyroll at each start; for settings of your own use ALTER SYSTEM.
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 100
shared_preload_libraries = 'timescaledb'
timescaledb.telemetry_level = off
# Each database with the extension keeps a scheduler process besides its jobs; the workers of
# parallel queries come from the same pool.
timescaledb.max_background_workers = 16
max_worker_processes = 32
# A hypertable takes a lock for each chunk a query or a drop touches.
max_locks_per_transaction = 256
timezone = 'UTC'
log_timezone = 'UTC'

# Memory: a quarter for the server's own cache, up to 2 GB; the rest serves as the system's.
shared_buffers = {shared_megabytes}MB
effective_cache_size = {cache_megabytes}MB
work_mem = 16MB
maintenance_work_mem = 128MB
random_page_cost = 1.1
# Short dashboard queries lose more to compiling than they gain.
jit = off

# A high rate of rows: few and spread checkpoints, and the page images after each compressed.
checkpoint_timeout = 15min
max_wal_size = 4GB
min_wal_size = 512MB
wal_compression = {wal_compression}
# The arrays of a tray are packed one by one. PostgreSQL's own way takes most of the time of storing
# them: 120 us a tray, with lz4 50.
default_toast_compression = {toast_compression}

# Jellyroll acknowledges a message after the commit of its rows; a commit that is not on disk
# would make that a lie.
fsync = {durable}
synchronous_commit = {durable}
full_page_writes = {durable}
"""


def settings(port: int, *, durable: bool, lz4: bool) -> str:
    """Return a configuration for this machine's memory; *lz4* when the server was built with it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _MEGABYTE
    return _SETTINGS.format(
        port=port,
        shared_megabytes=min(max(memory // 4, 128), 2048),
        cache_megabytes=max(memory // 2, 256),
        wal_compression="lz4" if lz4 else "on",
        toast_compression="lz4" if lz4 else "pglz",
        durable="on" if durable else "off",
    )
