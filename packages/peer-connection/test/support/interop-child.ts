/** One connection of the stack named by the first argument, commanded and reporting in lines of JSON. */
import { createHash, randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

import { Libdatachannel } from './interop-libdatachannel.ts'
import { InteropPeer, type Surroundings } from './interop-peer.ts'
import type { Command } from './interop-protocol.ts'
import { type W3cApi, W3cStack } from './interop-w3c.ts'

const surroundings: Surroundings = {
  report: (report) => process.stdout.write(`${JSON.stringify(report)}\n`),
  sha256: () => {
    const hash = createHash('sha256')
    return { add: (bytes) => hash.update(bytes), digest: () => hash.digest('hex') }
  },
  random: (size) => Uint8Array.from(randomBytes(size)),
}

const name = process.argv[2] ?? ''
const peer = new InteropPeer(surroundings, (host) =>
  name === 'node-datachannel'
    ? new Libdatachannel(host)
    : new W3cStack(createRequire(import.meta.url)(name) as W3cApi, host),
)
const commands = createInterface({ input: process.stdin })
commands.on('line', (line) => void peer.obey(JSON.parse(line) as Command))
// Native handles would keep the process alive when the test has gone.
commands.on('close', () => process.exit(0))
