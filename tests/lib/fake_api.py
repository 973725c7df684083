# SPDX-License-Identifier: Apache-2.0
"""A coordinator's HTTP API with answers written beforehand, for tests of the commands that ask."""

import http.server
import json
import threading


class FakeApi:
    """Serves `answers`, a dict of path with query -> (code, body).

    Another path is answered with `fallback`, or 404. A body of None is never answered: the request
    waits until the server is closed.
    """

    def __init__(self, answers, fallback=None):
        self.closing = threading.Event()
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                message = f"nothing at {self.path}"
                missing = (404, json.dumps({"error": {"code": 404, "message": message}}))
                code, body = answers.get(self.path, fallback or missing)
                if body is None:
                    api.closing.wait()
                    return
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body.encode())))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.socket.listen(100)  # many may ask at once
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
