# SPDX-License-Identifier: Apache-2.0
"""The proxy of the fault tests does what it says: it cuts, holds, loses and delays, each way by
itself, towards one broker alone, and gives everything back."""

import contextlib
import socket
import socketserver
import threading
import unittest

import procs
import proxy


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        with contextlib.suppress(OSError):
            while data := self.request.recv(4096):
                self.server.heard.extend(data)
                self.request.sendall(data)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Echo)
        self.heard = bytearray()
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Client:
    """One connection; everything that comes back is kept."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.heard = bytearray()
        self.is_over = False
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        with contextlib.suppress(OSError):
            while data := self.socket.recv(4096):
                self.heard.extend(data)
        self.is_over = True

    def say(self, data):
        with contextlib.suppress(OSError):
            self.socket.sendall(data)


class ProxyTest(unittest.TestCase):
    def setUp(self):
        self.servers = {number: Server() for number in (1, 2)}
        self.proxies = self.enterContext(proxy.Proxies(["a", "b"], [1, 2]))
        for number, server in self.servers.items():
            self.addCleanup(server.server_close)
            self.addCleanup(server.shutdown)
            for name in ("a", "b"):
                self.proxies.aim(name, number, server.server_address[1])

    def client(self, name="a", broker=1):
        client = Client(self.proxies.ports[name][broker])
        self.addCleanup(client.socket.close)
        return client

    def wait_heard(self, whom, data):
        procs.wait_for(lambda: bytes(whom.heard) == data, 30, f"{data!r} to be heard")

    def wait_over(self, client):
        procs.wait_for(lambda: client.is_over, 30, "the connection to end")

    def test_passes_both_ways(self):
        client = self.client()
        client.say(b"one")
        self.wait_heard(client, b"one")
        self.assertEqual(b"one", bytes(self.servers[1].heard))
        self.assertEqual((3, 0), self.proxies["a"].count(proxy.UP))
        self.assertEqual((3, 0), self.proxies["a"].count(proxy.DOWN))

    def test_cut_ends_connections_and_refuses_new_ones_of_that_process_alone(self):
        mine, others = self.client("a"), self.client("b")
        mine.say(b"one")
        self.wait_heard(mine, b"one")
        self.proxies["a"].cut()
        self.wait_over(mine)
        self.wait_over(self.client("a"))
        others.say(b"two")
        self.wait_heard(others, b"two")
        self.proxies["a"].restore()
        again = self.client("a")
        again.say(b"three")
        self.wait_heard(again, b"three")

    def test_cut_towards_one_broker_leaves_the_other(self):
        first, second = self.client(broker=1), self.client(broker=2)
        self.proxies["a"].cut([1])
        self.wait_over(first)
        second.say(b"two")
        self.wait_heard(second, b"two")

    def test_held_bytes_come_later_and_in_order(self):
        client = self.client()
        self.proxies["a"].hold(proxy.DOWN)
        client.say(b"one")
        self.wait_heard(self.servers[1], b"one")  # the other direction goes on
        client.say(b"two")
        self.wait_heard(self.servers[1], b"onetwo")
        self.assertEqual(b"", bytes(client.heard))
        self.proxies["a"].restore()
        self.wait_heard(client, b"onetwo")

    def test_one_way_loss_answers_nothing_and_ends_the_connection_afterwards(self):
        client = self.client()
        self.proxies["a"].drop(proxy.DOWN)
        client.say(b"one")
        self.wait_heard(self.servers[1], b"one")
        procs.wait_for(
            lambda: self.proxies["a"].count(proxy.DOWN) == (0, 3), 30, "the answer to be lost"
        )
        self.assertEqual(b"", bytes(client.heard))
        self.assertFalse(client.is_over)
        self.proxies["a"].restore()
        self.wait_over(client)

    def test_loss_on_the_way_there_is_never_heard(self):
        client = self.client()
        self.proxies["a"].drop(proxy.UP)
        client.say(b"lost")
        procs.wait_for(
            lambda: self.proxies["a"].count(proxy.UP) == (0, 4), 30, "the request to be lost"
        )
        self.proxies["a"].restore()
        self.wait_over(client)
        self.assertEqual(b"", bytes(self.servers[1].heard))

    def test_delayed_bytes_arrive(self):
        client = self.client()
        self.proxies["a"].delay(0.05)
        client.say(b"one")
        self.wait_heard(client, b"one")

    def test_broker_that_is_away_ends_the_connection(self):
        self.proxies.aim("a", 1, None)
        self.wait_over(self.client())


if __name__ == "__main__":
    unittest.main()
