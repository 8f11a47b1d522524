"""What the demo and these tests stand on."""

import socket

from local_aws import server


def test_a_port_that_somebody_takes_first_is_given_up_for_another(monkeypatch):
    """Between finding a free port and listening on it half a second passes, in which two demos at once can meet."""
    free_port = server._free_port
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = iter([taken.getsockname()[1]])
        monkeypatch.setattr(server, "_free_port", lambda: next(ports, None) or free_port())
        with server.running() as emulator:
            assert emulator.endpoint != f"https://127.0.0.1:{taken.getsockname()[1]}"
            assert emulator.client("sns").list_topics()["Topics"] == []
