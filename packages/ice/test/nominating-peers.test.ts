import { describe, expect, test } from '@jest/globals'
import { type StunMessage, UseCandidate } from '@purertc/stun'

import { scripted } from './support/scripted-world.ts'

const nominate = { controlling: 1n, nominate: true }

describe('a controlling peer’s nominations', () => {
  test('USE-CANDIDATE with the first check: selected when the own check succeeds', () => {
    const { world, agent, script, to, signal } = scripted('controlled')
    script.send(to, script.request(nominate))
    world.sim.advance(100)
    expect(agent.agent.selectedPair).toBeNull()
    signal()
    expect(world.run(() => agent.agent.selectedPair !== null, 1_000)).toBe(true)
    expect(agent.agent.selectedPair).toMatchObject({ nominated: true, state: 'succeeded' })
    expect(agent.selected).toHaveLength(1)
  })

  test('of several nominated pairs the better one wins, in either order', () => {
    for (const isBetterFirst of [true, false]) {
      const { world, agent, script, other, to, signal } = scripted('controlled')
      signal()
      agent.agent.addRemoteCandidate(world.sim.now, { ...other.candidate, priority: 100, type: 'srflx' })
      other.respond = (request, from) => other.success(request, from, script.key)
      const [first, second] = isBetterFirst ? [script, other] : [other, script]
      for (const peer of [first, second]) {
        peer.send(to, peer.request(nominate))
        world.sim.advance(500)
      }
      expect(agent.agent.selectedPair?.remote.address).toBe(script.socket.local.address)
      expect(agent.agent.pairs.map(({ nominated }) => nominated)).toEqual([true, true])
    }
  })

  test('a worse pair is followed when the better one has fallen silent', () => {
    const { world, agent, script, other, to, signal } = scripted('controlled')
    signal()
    agent.agent.addRemoteCandidate(world.sim.now, { ...other.candidate, priority: 100, type: 'srflx' })
    other.respond = (request, from) => other.success(request, from, script.key)
    script.send(to, script.request(nominate))
    world.sim.advance(1_000)
    expect(agent.agent.selectedPair?.remote.address).toBe(script.socket.local.address)
    script.respond = () => null
    expect(world.run(() => agent.agent.state === 'disconnected', 10_000)).toBe(true)
    other.send(to, other.request(nominate))
    world.sim.advance(500)
    expect(agent.agent.selectedPair?.remote.address).toBe(other.socket.local.address)
    expect(agent.agent.state).toBe('connected')
  })

  /** An agent whose two pairs work, and whose peer has nominated the better one; it tries pairs before, or does not. */
  function twoPairs(isRegular: boolean): ReturnType<typeof scripted> {
    const scene = scripted('controlled')
    const { world, agent, script, other, to, signal } = scene
    signal()
    agent.agent.addRemoteCandidate(world.sim.now, { ...other.candidate, priority: 100, type: 'srflx' })
    other.respond = (request, from) => other.success(request, from, script.key)
    if (isRegular) for (const peer of [script, other]) peer.send(to, peer.request({ controlling: 1n }))
    world.sim.advance(500)
    script.send(to, script.request(nominate))
    world.sim.advance(500)
    expect(agent.agent.selectedPair?.remote.address).toBe(script.socket.local.address)
    return scene
  }

  test('the last word of a peer that tries pairs before it nominates one holds, also for a worse pair', () => {
    const { world, agent, script, other, to } = twoPairs(true)
    for (const peer of [other, script, other]) {
      peer.send(to, peer.request(nominate))
      world.sim.advance(500)
      expect(agent.agent.selectedPair?.remote.address).toBe(peer.socket.local.address)
    }
    expect(agent.selected).toHaveLength(4)
  })

  test('a peer that never tried a pair keeps the better one', () => {
    const { world, agent, script, other, to } = twoPairs(false)
    other.send(to, other.request(nominate))
    world.sim.advance(500)
    expect(agent.agent.selectedPair?.remote.address).toBe(script.socket.local.address)
  })

  test('data does not move to where nobody answers: the nomination may be a replayed one', () => {
    const { world, agent, script, other, to } = twoPairs(true)
    other.respond = () => null
    other.send(to, other.request(nominate))
    world.sim.advance(3_000)
    expect(other.requests.length).toBeGreaterThan(1)
    expect(agent.agent.selectedPair?.remote.address).toBe(script.socket.local.address)
    expect(agent.agent.activePair?.remote.address).toBe(script.socket.local.address)
  })

  test('a peer that takes its nomination back before it is proven is not followed', () => {
    const { world, agent, script, other, to } = twoPairs(true)
    let held: Uint8Array | null = null
    other.respond = (request, from) => {
      held ??= Uint8Array.from(other.success(request, from, script.key))
      return null
    }
    other.send(to, other.request(nominate))
    expect(world.run(() => held !== null, 1_000)).toBe(true)
    script.send(to, script.request(nominate))
    world.sim.advance(100)
    other.send(to, held ?? '')
    world.sim.advance(100)
    expect(agent.agent.selectedPair?.remote.address).toBe(script.socket.local.address)
    expect(agent.selected).toHaveLength(1)
  })

  test('a peer that moves to a new address with the same credentials is followed', () => {
    const { world, agent, script, other, to, signal } = scripted('controlled')
    signal()
    script.send(to, script.request(nominate))
    world.sim.advance(1_000)
    script.respond = () => null
    other.respond = (request, from) => other.success(request, from, script.key)
    const ping = (): void => {
      other.send(to, other.request(nominate))
      world.sim.after(1_000, ping)
    }
    ping()
    world.sim.advance(15_000)
    expect(agent.agent.selectedPair).toMatchObject({
      remote: { type: 'prflx', address: other.socket.local.address },
    })
    expect(agent.agent.state).not.toBe('disconnected')
    agent.send('to the new address')
    world.sim.advance(100)
    expect(other.data).toEqual(['to the new address'])
  })

  test('a nomination by a controlled peer is a role conflict at most, no nomination', () => {
    const { world, agent, script, to, signal } = scripted('controlling')
    signal()
    world.sim.advance(20)
    script.send(to, script.request({ controlled: 1n, nominate: true }))
    world.sim.advance(20)
    const [pair] = agent.agent.pairs
    expect(pair).toBeDefined()
    // The agent nominates by itself, by a check of its own.
    expect(world.run(() => agent.agent.selectedPair !== null, 2_000)).toBe(true)
    expect(script.requests.some((request) => request.has({ type: 0x0025 }))).toBe(true)
  })

  test('a failed nomination is followed by that of the next best pair', () => {
    const { world, agent, script, other, signal } = scripted('controlling')
    signal()
    agent.agent.addRemoteCandidate(world.sim.now, { ...other.candidate, priority: 100, type: 'srflx' })
    other.respond = (request, from) => other.success(request, from, script.key)
    script.respond = (request, from) =>
      request.has({ type: 0x0025 }) ? script.error(request, 500) : script.success(request, from)
    expect(world.run(() => agent.agent.selectedPair !== null, 5_000)).toBe(true)
    expect(agent.agent.selectedPair?.remote.address).toBe(other.socket.local.address)
    expect(agent.failures).toEqual(['500'])
  })
})

describe('nominating a peer that may not be ready', () => {
  const isNominating = (request: StunMessage): boolean => request.has(UseCandidate)

  test('what answers but has not asked yet is nominated when it asks', () => {
    const { world, agent, script, to, signal } = scripted('controlling')
    signal()
    world.sim.advance(1_500)
    // Data need not wait.
    expect(agent.agent.activePair).toMatchObject({ state: 'succeeded' })
    expect(script.requests.some(isNominating)).toBe(false)
    script.send(to, script.request({ controlled: 1n }))
    world.sim.advance(100)
    expect(script.requests.filter(isNominating)).toHaveLength(1)
    expect(agent.agent.selectedPair).toMatchObject({ nominated: true })
  })

  test('a question with another password does not count', () => {
    const { world, script, to, signal } = scripted('controlling')
    signal()
    script.send(to, script.request({ controlled: 1n, password: 'anotherPasswordOf22Letters' }))
    world.sim.advance(1_500)
    expect(script.requests.some(isNominating)).toBe(false)
  })

  test('a lite peer never asks, and is nominated at once', () => {
    const { world, agent, script } = scripted('controlling')
    agent.agent.setRemoteCredentials(world.sim.now, script.credentials, { isLite: true })
    agent.agent.addRemoteCandidate(world.sim.now, script.candidate)
    agent.agent.addRemoteCandidate(world.sim.now, null)
    world.sim.advance(300)
    expect(script.requests.filter(isNominating)).toHaveLength(1)
  })

  test('one that does not ask is nominated after two seconds, and once more with the first check of consent', () => {
    const { world, agent, script, signal } = scripted('controlling')
    signal()
    world.sim.advance(2_200)
    expect(script.requests.filter(isNominating)).toHaveLength(1)
    expect(agent.agent.selectedPair).not.toBeNull()
    world.sim.advance(30_000)
    const [, , repeated, ...later] = script.requests
    expect(repeated && isNominating(repeated)).toBe(true)
    expect(later.length).toBeGreaterThan(3)
    expect(later.some(isNominating)).toBe(false)
  })

  test('the repetition is repeated until it is answered', () => {
    const { world, agent, script, signal } = scripted('controlling')
    signal()
    expect(world.run(() => agent.agent.selectedPair !== null, 5_000)).toBe(true)
    const before = script.requests.length
    script.respond = () => null
    world.sim.advance(9_000)
    const repeated = script.requests.slice(before)
    expect(repeated.length).toBeGreaterThan(2)
    expect(repeated.every(isNominating)).toBe(true)
    script.respond = (request, from) => script.success(request, from)
    world.sim.advance(20_000)
    expect(script.requests.slice(-3).some(isNominating)).toBe(false)
  })
})
