"""A service for tests that starts at once. Its environment tells it what to do:

PORT, ENVIRONMENT, REVISION as every service gets them; LAST_WORDS: print these and exit with 3; STUBBORN: ignore
SIGTERM; CHILD: also start a child that ignores SIGTERM, in its own session if CHILD is `far`.
Any path answers 200 with health and revision; `/slow?0.5` takes that many seconds.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys

BODY = json.dumps(
    {
        "status": "healthy",
        "environment": os.environ.get("ENVIRONMENT", "staging"),
        "revision": os.environ.get("REVISION", ""),
        "pid": os.getpid(),
    }
).encode()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)

STUBBORN_CHILD = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("child", flush=True)
time.sleep(600)
"""


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            request = await reader.readuntil(b"\r\n\r\n")
            path = request.split(b" ", 2)[1]
            if path.startswith(b"/slow?"):
                await asyncio.sleep(float(path.partition(b"?")[2]))
            writer.write(ANSWER)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def serve() -> None:
    server = await asyncio.start_server(answer, "127.0.0.1", int(os.environ["PORT"]), backlog=1024)
    async with server:
        await server.serve_forever()


def main() -> None:
    if "LAST_WORDS" in os.environ:
        print("starting", os.environ["LAST_WORDS"], sep="\n", flush=True)
        sys.exit(3)
    if "STUBBORN" in os.environ:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "CHILD" in os.environ:
        subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", STUBBORN_CHILD], start_new_session=os.environ["CHILD"] == "far"
        )
    print("ready", flush=True)
    asyncio.run(serve())


if __name__ == "__main__":
    main()
