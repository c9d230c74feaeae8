"""One connection of aiortc, commanded and reporting in lines of JSON as interop-protocol.ts says."""

import asyncio
import hashlib
import json
import os
import sys

from aioice import ice
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.sdp import candidate_from_sdp

# aioice leaves loopback out.
ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]

HIGH_WATER = 262_144
LOW_WATER = 65_536


def report(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


class Peer:
    def __init__(self):
        self.connection = RTCPeerConnection()
        # By default it offers DTLS/SCTP as the drafts before RFC 8841 had it.
        self.connection._sctpLegacySdp = False
        self.channels = {}
        self.files = {}
        self.candidates = []
        self.kept = None

        @self.connection.on("connectionstatechange")
        def on_state():
            report("state", state=self.connection.connectionState)

        @self.connection.on("datachannel")
        def on_datachannel(channel):
            self.wire(channel)
            report(
                "incoming",
                label=channel.label,
                ordered=channel.ordered,
                maxRetransmits=channel.maxRetransmits,
            )

    def wire(self, channel):
        label = channel.label
        self.channels[label] = channel
        channel.bufferedAmountLowThreshold = LOW_WATER

        @channel.on("open")
        def on_open():
            report("open", label=label)

        @channel.on("close")
        def on_close():
            report("close", label=label)

        @channel.on("message")
        def on_message(data):
            if not label.startswith("file"):
                channel.send(data)
            elif isinstance(data, str):
                self.report_file(label)
            else:
                self.files.setdefault(label, []).append(data)

        # A negotiated channel may be open by now.
        if channel.negotiated and channel.readyState == "open":
            on_open()

    def report_file(self, label):
        parts = self.files.get(label, [])
        file = b"".join(parts)
        digest = hashlib.sha256(file).hexdigest()
        report("file", label=label, messages=len(parts), bytes=len(file), sha256=digest)

    async def obey(self, command):
        await getattr(self, command.pop("do"))(**command)

    async def open(self, label, options):
        self.wire(self.connection.createDataChannel(label, **options))

    async def offer(self):
        await self.describe(await self.connection.createOffer())

    async def close(self, label):
        self.channels[label].close()

    async def end(self):
        await self.connection.close()

    async def transfer(self, label, size, messageSize):
        channel = self.channels[label]
        file = os.urandom(size)
        low = asyncio.Event()
        channel.on("bufferedamountlow", low.set)
        for at in range(0, size, messageSize):
            if channel.bufferedAmount > HIGH_WATER:
                low.clear()
                await low.wait()
            channel.send(file[at : at + messageSize])
        report("transferred", label=label, sha256=hashlib.sha256(file).hexdigest())

    async def description(self, type, sdp):
        """aiortc starts ICE with the answer, and gives up where it knows no candidate by then: kept until all came."""
        self.kept = RTCSessionDescription(sdp=sdp, type=type)

    async def candidate(self, candidate, sdpMid):
        if candidate:
            self.candidates.append((candidate, sdpMid))
        elif self.kept is not None:
            description, self.kept = self.kept, None
            await self.apply(description)

    async def apply(self, description):
        if description.type == "offer":
            await self.connection.setRemoteDescription(description)
            await self.add_candidates()
            await self.describe(await self.connection.createAnswer())
        else:
            await self.add_candidates()
            await self.connection.setRemoteDescription(description)

    async def add_candidates(self):
        for line, mid in self.candidates:
            candidate = candidate_from_sdp(line.removeprefix("candidate:"))
            candidate.sdpMid = mid
            await self.connection.addIceCandidate(candidate)

    async def describe(self, description):
        """It gathers before setLocalDescription returns; its candidates are told after the description all the same."""
        await self.connection.setLocalDescription(description)
        local = self.connection.localDescription
        lines = local.sdp.splitlines()
        found = [line for line in lines if line.startswith("a=candidate:")]
        kept = [line for line in lines if line not in found and line != "a=end-of-candidates"]
        report("description", type=local.type, sdp="".join(f"{line}\r\n" for line in kept))
        mid = next(line for line in lines if line.startswith("a=mid:")).removeprefix("a=mid:")
        for line in [*found, "a="]:
            report("candidate", candidate=line.removeprefix("a="), sdpMid=mid)


async def main():
    peer = Peer()
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    tasks = set()
    while line := await reader.readline():
        command = json.loads(line)
        if command["do"] == "transfer":
            # It takes its time, and must not hold up what comes after it.
            tasks.add(asyncio.ensure_future(peer.obey(command)))
        else:
            await peer.obey(command)


asyncio.run(main())
