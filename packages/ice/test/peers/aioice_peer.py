"""An aioice agent on 127.0.0.1, spoken to in lines of JSON. It echoes the data that it receives."""

import asyncio
import json
import sys

import aioice
from aioice import ice

OPTIONS = json.loads(sys.argv[1])

# aioice leaves loopback out.
ice.get_host_addresses = lambda use_ipv4, use_ipv6: [OPTIONS["address"]]


def say(**message):
    print(json.dumps(message), flush=True)


async def lines():
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while line := await reader.readline():
        yield json.loads(line)


async def echo(connection):
    while True:
        data = await connection.recv()
        await connection.send(b"echo " + data)


async def run():
    turn = OPTIONS.get("turn")
    connection = aioice.Connection(
        ice_controlling=OPTIONS["controlling"],
        turn_server=("127.0.0.1", turn) if turn else None,
        turn_username="user",
        turn_password="secret",
        transport_policy=ice.TransportPolicy.RELAY if turn else ice.TransportPolicy.ALL,
    )
    await connection.gather_candidates()
    say(
        usernameFragment=connection.local_username,
        password=connection.local_password,
        candidates=[c.to_sdp() for c in connection.local_candidates],
    )
    task = None
    async for message in lines():
        if "usernameFragment" in message:
            connection.remote_username = message["usernameFragment"]
            connection.remote_password = message["password"]
        elif "candidate" in message:
            line = message["candidate"]
            await connection.add_remote_candidate(
                aioice.Candidate.from_sdp(line) if line else None
            )
        elif "connect" in message:
            try:
                await connection.connect()
                say(connected=True, controlling=connection.ice_controlling)
                task = asyncio.ensure_future(echo(connection))
            except ConnectionError as error:
                say(connected=False, error=str(error))
        elif "send" in message:
            await connection.send(message["send"].encode())
        elif "close" in message:
            break
    if task is not None:
        task.cancel()
    await connection.close()
    say(closed=True)


asyncio.run(run())
