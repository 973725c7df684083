# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy between processes and brokers, with one listener for each pair of them, so that a
test can take the network away from one process, towards one broker, in one direction.

    with proxy.Proxies(["c1", "c2"], [1, 2, 3]) as proxies:
        proxies.ports            # {name: {broker: port}}: what each process is told
        proxies.aim("c1", 1, 9092)                 # where the broker listens for that process
        proxies["c1"].cut()                        # connections are reset, new ones too
        proxies["c1"].hold(proxy.DOWN)             # what the brokers answer waits
        proxies["c1"].drop(proxy.UP, [2])          # what broker 2 is sent is lost
        proxies["c1"].delay(0.2)
        proxies["c1"].restore()

TCP sends again what a network loses, so a loss that ends soon looks like `hold`. After `drop` bytes
are missing in the middle of a connection: `restore` resets it, as the timeouts of both ends would.
"""

import asyncio
import threading

UP = "up"  # from the process to the broker
DOWN = "down"  # from the broker to the process
CHUNK = 64 * 1024


async def _later(seconds):
    """A way takes its time: what is simulated here, nothing that a test waits for."""
    loop = asyncio.get_running_loop()
    over = loop.create_future()
    loop.call_later(seconds, lambda: over.done() or over.set_result(None))
    await over


class _Connection:
    """One accepted connection and the one behind it to the broker."""

    def __init__(self, link, client):
        self.link = link
        self.writers = [client]
        self.is_torn = False  # bytes were lost in the middle

    def abort(self):
        for writer in self.writers:
            writer.transport.abort()

    async def pump(self, direction, reader, writer):
        link = self.link
        while data := await reader.read(CHUNK):
            if link.seconds:
                await _later(link.seconds)
            await link.gates[direction].wait()
            if direction in link.drops:
                self.is_torn = True
                link.dropped[direction] += len(data)
                continue
            writer.write(data)
            link.passed[direction] += len(data)
            await writer.drain()


class _Link:
    """The way from one process to one broker. Everything in here runs in the proxy's own loop."""

    def __init__(self):
        self.port = None  # where the process connects to
        self.target = None  # port of the broker, None = refuse
        self.server = None
        self.is_cut = False
        self.seconds = 0
        self.drops = set()
        self.gates = {UP: asyncio.Event(), DOWN: asyncio.Event()}
        self.passed = {UP: 0, DOWN: 0}
        self.dropped = {UP: 0, DOWN: 0}
        self.connections = set()
        for gate in self.gates.values():
            gate.set()

    async def listen(self):
        self.server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]

    async def _accept(self, reader, writer):
        connection = _Connection(self, writer)
        self.connections.add(connection)
        try:
            if not self.is_cut and self.target is not None:
                await self._serve(connection, reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # either end is gone, or the proxy ends
        finally:
            connection.abort()
            self.connections.discard(connection)

    async def _serve(self, connection, reader, writer):
        from_broker, to_broker = await asyncio.open_connection("127.0.0.1", self.target)
        connection.writers.append(to_broker)
        if self.is_cut:
            return
        pumps = [
            asyncio.ensure_future(connection.pump(UP, reader, to_broker)),
            asyncio.ensure_future(connection.pump(DOWN, from_broker, writer)),
        ]
        try:
            # Whichever end closes, both do: nobody here closes half a connection.
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    def cut(self):
        self.is_cut = True
        for connection in list(self.connections):
            connection.abort()

    def restore(self):
        self.is_cut = False
        self.seconds = 0
        self.drops.clear()
        for connection in list(self.connections):
            if connection.is_torn:
                connection.abort()
        for gate in self.gates.values():
            gate.set()


class Ways:
    """What a test says to the links of one process; `brokers` are their numbers, None = all."""

    def __init__(self, owner, links):
        self.owner = owner
        self.links = links

    def _each(self, brokers, action):
        chosen = [self.links[broker] for broker in brokers or self.links]
        self.owner.do(lambda: [action(link) for link in chosen])

    def cut(self, brokers=None):
        self._each(brokers, _Link.cut)

    def hold(self, direction, brokers=None):
        self._each(brokers, lambda link: link.gates[direction].clear())

    def drop(self, direction, brokers=None):
        self._each(brokers, lambda link: link.drops.add(direction))

    def delay(self, seconds, brokers=None):
        def begin(link):
            link.seconds = seconds

        self._each(brokers, begin)

    def restore(self, brokers=None):
        self._each(brokers, _Link.restore)

    def count(self, direction):
        """Bytes that have passed, and that were lost."""
        links = self.links.values()
        return sum(k.passed[direction] for k in links), sum(k.dropped[direction] for k in links)


class Proxies:
    """One link for each process and broker, all in a thread of their own."""

    def __init__(self, names, brokers):
        self.loop = asyncio.new_event_loop()
        self.ways = {}
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.names, self.brokers = list(names), list(brokers)

    def __enter__(self):
        self.thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self.loop).result(30)
        return self

    def __exit__(self, *_):
        asyncio.run_coroutine_threadsafe(self._finish(), self.loop).result(30)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(30)
        self.loop.close()
        return False

    def __getitem__(self, name):
        return self.ways[name]

    @property
    def ports(self):
        return {
            name: {broker: link.port for broker, link in ways.links.items()}
            for name, ways in self.ways.items()
        }

    def bootstrap(self, name):
        return ",".join(f"127.0.0.1:{port}" for port in self.ports[name].values())

    def aim(self, name, broker, port):
        def begin():
            self.ways[name].links[broker].target = port

        self.do(begin)

    def do(self, action):
        """Runs `action()` in the proxy's loop, and returns when it is done."""

        async def run():
            return action()

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(30)

    def _run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    async def _listen(self):
        for name in self.names:
            links = {broker: _Link() for broker in self.brokers}
            for link in links.values():
                await link.listen()
            self.ways[name] = Ways(self, links)

    async def _finish(self):
        for ways in self.ways.values():
            for link in ways.links.values():
                link.server.close()
                link.cut()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
