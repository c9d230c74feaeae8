import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { afterEach, expect, test } from '@jest/globals'

import { Peer, type PeerEvents, type Signaling } from '../src/index.ts'
import { BroadcastSignaling } from './support/broadcast-signaling.ts'
import { PastedSignaling } from './support/pasted-signaling.ts'
import { PollingSignaling } from './support/polling-signaling.ts'
import { postOffice } from './support/post-office.ts'

const network = { addresses: ['127.0.0.1'] }

const peers: Peer[] = []
afterEach(async () => {
  await Promise.all(peers.splice(0).map((peer) => peer.close()))
})

/** Two peers on the same channel, alice first, who are about to connect. */
function pairOf(
  one: Signaling,
  other: Signaling,
): readonly [alice: Peer, bob: Peer, connected: Promise<unknown>] {
  const create = (signaling: Signaling): Peer => new Peer({ signaling, channel: 'anywhere', network })
  const [alice, bob] = [create(one), create(other)]
  peers.push(alice, bob)
  return [alice, bob, Promise.all([next(alice, 'connect'), next(bob, 'connect')])]
}

function next<Name extends keyof PeerEvents>(peer: Peer, name: Name): Promise<PeerEvents[Name]> {
  return new Promise((resolve) => peer.once(name, resolve))
}

async function expectToTalk(from: Peer, to: Peer): Promise<void> {
  const message = next(to, 'message')
  from.send('hello')
  expect(await message).toBe('hello')
}

/** A post office on a port of its own. */
async function openOffice(): Promise<{ readonly url: string; close(): Promise<unknown> }> {
  const server = createServer(postOffice()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      return closed
    },
  }
}

test('peers that shout over a BroadcastChannel link up, and hear each other hang up', async () => {
  const [alice, bob, connected] = pairOf(new BroadcastSignaling(), new BroadcastSignaling())
  await alice.connect()
  await bob.connect()
  await connected
  await expectToTalk(alice, bob)
  expect(alice.signaling).toBeNull()
  const gone = next(alice, 'remoteDisconnect')
  await bob.close()
  await gone
})

test('peers link up by two texts, copied and pasted', async () => {
  const [from, to] = [new PastedSignaling(true), new PastedSignaling(false)]
  const [alice, bob, connected] = pairOf(from, to)
  await Promise.all([alice.connect(), bob.connect()])
  to.paste(await from.text)
  from.paste(await to.text)
  await connected
  await expectToTalk(bob, alice)
})

test('peers link up by polling an HTTP server, and hear each other hang up', async () => {
  const office = await openOffice()
  const [alice, bob, connected] = pairOf(new PollingSignaling(office.url), new PollingSignaling(office.url))
  await alice.connect()
  await bob.connect()
  await connected
  await expectToTalk(alice, bob)
  const gone = next(alice, 'remoteDisconnect')
  await bob.close()
  await gone
  await alice.close()
  await office.close()
})

test('an HTTP server that is gone ends the signalling, not the link', async () => {
  const office = await openOffice()
  const [alice, bob, connected] = pairOf(new PollingSignaling(office.url), new PollingSignaling(office.url))
  await alice.connect()
  await bob.connect()
  await connected
  const closed = Promise.all([alice, bob].map((peer) => next(peer, 'disconnect')))
  await office.close()
  expect(await closed).toHaveLength(2)
  await expectToTalk(alice, bob)
})

test.each(['broadcast-signaling', 'pasted-signaling', 'polling-signaling', 'post-office'])(
  '%s is what the documentation shows',
  (name) => {
    const page = readFileSync(new URL('../../../docs/signaling-transports.md', import.meta.url), 'utf8')
    const code = readFileSync(new URL(`./support/${name}.ts`, import.meta.url), 'utf8')
    expect(page).toContain(code.replace("'../../src/index.ts'", "'@purertc/peer-connection'"))
  },
)
