"""The emulator of the demo and of these tests."""

import socket

from local_aws import server


def test_a_port_taken_by_another_process_is_replaced(monkeypatch):
    """A port stays free for half a second before the emulator listens on it, in which another demo can take it."""
    free_port = server._free_port
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = iter([taken.getsockname()[1]])
        monkeypatch.setattr(server, "_free_port", lambda: next(ports, None) or free_port())
        with server.running() as emulator:
            assert emulator.endpoint != f"https://127.0.0.1:{taken.getsockname()[1]}"
            assert emulator.client("sns").list_topics()["Topics"] == []
