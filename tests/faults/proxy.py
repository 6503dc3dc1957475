"""A TCP proxy that can cut connections, slow them down, or let them fall silent."""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import suppress

_CHUNK_BYTES = 65_536
_RESET = struct.pack("ii", 1, 0)  # linger for no time: close with RST, as a firewall does


class Proxy:
    """Listens on a port of its own on 127.0.0.1 and passes everything on to *target_port*."""

    def __init__(self, target_port: int) -> None:
        self.delay_s = 0.0
        self._target_port = target_port
        self._lock = threading.Lock()
        self._pairs: list[_Pair] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()

    @property
    def connections(self) -> int:
        """Return how many connections pass through now."""
        with self._lock:
            self._pairs = [pair for pair in self._pairs if pair.open]
            return len(self._pairs)

    def cut(self) -> int:
        """Reset every connection; new ones may come. Return how many there were."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            pair.reset()
        return len([pair for pair in pairs if pair.was_open])

    def silence(self) -> None:
        """Swallow every byte of the connections there are, and that the server closes them."""
        with self._lock:
            for pair in self._pairs:
                pair.silent = True

    def swallow_what_clients_say(self) -> None:
        """Swallow what comes from the clients there are; what servers say still passes."""
        with self._lock:
            for pair in self._pairs:
                pair.mute = True

    def close(self) -> None:
        """Cut everything and listen no more."""
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._target_port), timeout=5)
            except OSError:  # the server is away
                near.close()
                continue
            far.settimeout(None)
            with self._lock:
                self._pairs.append(_Pair(self, near, far))


class _Pair:
    def __init__(self, proxy: Proxy, near: socket.socket, far: socket.socket) -> None:
        self.silent = self.mute = False
        self.open = self.was_open = True
        self._proxy = proxy
        self._ends = (near, far)
        for source, sink in ((near, far), (far, near)):
            source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def reset(self) -> None:
        self.was_open = self.open
        self._end(reset=True)

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(_CHUNK_BYTES):
                if self.silent or (self.mute and source is self._ends[0]):
                    continue
                if self._proxy.delay_s:
                    time.sleep(self._proxy.delay_s)
                sink.sendall(data)
        if self.silent and source is self._ends[1]:
            return  # the client does not hear of the end either
        self._end(reset=False)

    def _end(self, *, reset: bool) -> None:
        self.open = False
        for end in self._ends:
            with suppress(OSError):
                if reset:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                # The other pump sits in recv, and a close alone would not wake it.
                end.shutdown(socket.SHUT_RDWR)
            end.close()
