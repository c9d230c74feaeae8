import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { expect, test } from '@jest/globals'

import { Peer, type PeerEvents, type Signaling } from '../src/index.ts'
import { BroadcastSignaling } from './support/broadcast-signaling.ts'
import { PastedSignaling } from './support/pasted-signaling.ts'
import { PollingSignaling } from './support/polling-signaling.ts'
import { postOffice } from './support/post-office.ts'

const network = { addresses: ['127.0.0.1'] }

const createPeer = (signaling: Signaling): Peer => new Peer({ signaling, channel: 'anywhere', network })

function next<Name extends keyof PeerEvents>(peer: Peer, name: Name): Promise<PeerEvents[Name]> {
  return new Promise((resolve) => peer.once(name, resolve))
}

test('peers that shout over a BroadcastChannel link up, and hear each other hang up', async () => {
  const [alice, bob] = [createPeer(new BroadcastSignaling()), createPeer(new BroadcastSignaling())]
  const connected = Promise.all([next(alice, 'connect'), next(bob, 'connect')])
  await alice.connect()
  await bob.connect()
  await connected
  const message = next(bob, 'message')
  alice.send('hello')
  expect(await message).toBe('hello')
  expect(alice.signaling).toBeNull()
  const gone = next(alice, 'remoteDisconnect')
  await bob.close()
  await gone
  await alice.close()
})

test('peers link up by two texts, copied and pasted', async () => {
  const [from, to] = [new PastedSignaling(true), new PastedSignaling(false)]
  const [alice, bob] = [createPeer(from), createPeer(to)]
  const connected = Promise.all([next(alice, 'connect'), next(bob, 'connect')])
  await Promise.all([alice.connect(), bob.connect()])
  to.paste(await from.text)
  from.paste(await to.text)
  await connected
  const message = next(alice, 'message')
  bob.send('hello')
  expect(await message).toBe('hello')
  await Promise.all([alice.close(), bob.close()])
})

test('peers link up by polling an HTTP server, and hear each other hang up', async () => {
  const server = createServer(postOffice()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const office = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const [alice, bob] = [createPeer(new PollingSignaling(office)), createPeer(new PollingSignaling(office))]
  const connected = Promise.all([next(alice, 'connect'), next(bob, 'connect')])
  await alice.connect()
  await bob.connect()
  await connected
  const message = next(bob, 'message')
  alice.send('hello')
  expect(await message).toBe('hello')
  const gone = next(alice, 'remoteDisconnect')
  await bob.close()
  await gone
  await alice.close()
  server.close()
  server.closeAllConnections()
  await once(server, 'close')
})

test('an HTTP server that is gone ends the signalling, not the link', async () => {
  const server = createServer(postOffice()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const office = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const [alice, bob] = [createPeer(new PollingSignaling(office)), createPeer(new PollingSignaling(office))]
  const connected = Promise.all([next(alice, 'connect'), next(bob, 'connect')])
  await alice.connect()
  await bob.connect()
  await connected
  const closed = Promise.all([alice, bob].map((peer) => next(peer, 'disconnect')))
  server.close()
  server.closeAllConnections()
  expect(await closed).toHaveLength(2)
  const message = next(bob, 'message')
  alice.send('still here')
  expect(await message).toBe('still here')
  await Promise.all([alice.close(), bob.close()])
})

test.each(['broadcast-signaling', 'pasted-signaling', 'polling-signaling', 'post-office'])(
  '%s is what the documentation shows',
  (name) => {
    const page = readFileSync(new URL('../../../docs/signaling-transports.md', import.meta.url), 'utf8')
    const code = readFileSync(new URL(`./support/${name}.ts`, import.meta.url), 'utf8')
    expect(page).toContain(code.replace("'../../src/index.ts'", "'@purertc/peer-connection'"))
  },
)
