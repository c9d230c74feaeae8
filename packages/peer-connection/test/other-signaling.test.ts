import { readFileSync } from 'node:fs'

import { expect, test } from '@jest/globals'

import { Peer, type PeerEvents, type Signaling } from '../src/index.ts'
import { BroadcastSignaling } from './support/broadcast-signaling.ts'
import { PastedSignaling } from './support/pasted-signaling.ts'

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

test.each(['broadcast-signaling', 'pasted-signaling'])('%s is what the documentation shows', (name) => {
  const page = readFileSync(new URL('../../../docs/signaling-transports.md', import.meta.url), 'utf8')
  const code = readFileSync(new URL(`./support/${name}.ts`, import.meta.url), 'utf8')
  expect(page).toContain(code.replace("'../../src/index.ts'", "'@purertc/peer-connection'"))
})
