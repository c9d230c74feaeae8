import { readdirSync, readFileSync } from 'node:fs'

import { describe, expect, test } from '@jest/globals'
import { Random } from '@purertc/netsim'
import { parseSession } from '@purertc/sdp'

import { RTCError } from '../src/index.ts'
import { described, SimWorld } from './support/sim-environment.ts'

/** What Chromium says in twenty situations; shared with the tests of `@purertc/sdp`. */
const folder = new URL('../../sdp/test/vectors/', import.meta.url)
const browserOffers = readdirSync(folder)
  .filter((name) => name.endsWith('-offer.sdp'))
  .map((name) => [name, readFileSync(new URL(name, folder), 'utf8')] as const)

describe('offers of a browser', () => {
  test.each(browserOffers)('%s: data is accepted, audio and video are not', async (_name, sdp) => {
    const connection = new SimWorld().createConnection()
    await connection.setRemoteDescription({ type: 'offer', sdp })
    await connection.setLocalDescription()
    const offer = parseSession(sdp)
    const answer = parseSession(described(connection).sdp)
    expect(answer.media.map(({ kind, mid }) => [kind, mid])).toEqual(
      offer.media.map(({ kind, mid }) => [kind, mid]),
    )
    for (const [index, media] of answer.media.entries())
      expect([media.kind, media.isRejected]).toEqual([offer.media[index]?.kind, media.kind !== 'application'])
    const accepted = answer.media.filter(({ isRejected }) => !isRejected).map(({ mid }) => mid)
    expect(answer.bundle ?? []).toEqual(accepted)
    // Candidates of sections that were rejected are taken without a word.
    const [first] = offer.media
    if (first?.mid !== undefined)
      await connection.addIceCandidate({
        candidate: 'candidate:1 1 udp 1 192.0.2.7 5000 typ host',
        sdpMid: first.mid,
      })
    connection.close()
  })

  test('there are enough of them', () => expect(browserOffers.length).toBeGreaterThanOrEqual(20))
})

describe('a remote description that cannot be used', () => {
  async function refusal(change: (sdp: string) => string): Promise<unknown> {
    const [alice, bob] = new SimWorld().pair()
    alice.createDataChannel('x')
    await alice.setLocalDescription()
    const sdp = change(described(alice).sdp)
    return bob.setRemoteDescription({ type: 'offer', sdp }).then(
      () => 'accepted',
      (error: unknown) => error,
    )
  }

  test('is an RTCError with the line where it is no SDP', async () => {
    const error = await refusal((sdp) => sdp.replace('a=setup:actpass', 'a=setup:perhaps'))
    expect(error).toBeInstanceOf(RTCError)
    expect(error).toMatchObject({
      name: 'OperationError',
      errorDetail: 'sdp-syntax-error',
      sdpLineNumber: expect.any(Number),
    })
    expect(await refusal(() => '')).toMatchObject({ errorDetail: 'sdp-syntax-error' })
  })

  test.each([
    ['no credentials', /a=ice-ufrag:.*\r\n/, ''],
    ['no fingerprint', /a=fingerprint:.*\r\n/, ''],
    ['credentials of other characters', /a=ice-ufrag:..../, 'a=ice-ufrag:a_-='],
  ])('is an InvalidAccessError for %s', async (_what, from, to) => {
    expect(await refusal((sdp) => sdp.replace(from, to))).toMatchObject({ name: 'InvalidAccessError' })
  })

  test('leaves the state as it was', async () => {
    const connection = new SimWorld().createConnection()
    await expect(connection.setRemoteDescription({ type: 'offer', sdp: 'nonsense' })).rejects.toBeInstanceOf(
      RTCError,
    )
    expect(connection.signalingState).toBe('stable')
    expect(connection.remoteDescription).toBeNull()
  })

  test('is an answer that does not fit the offer', async () => {
    const [alice, bob] = new SimWorld().pair()
    alice.createDataChannel('x')
    await alice.setLocalDescription()
    await bob.setRemoteDescription(described(alice))
    const { sdp = '' } = await bob.createAnswer()
    const second = 'm=audio 9 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 0.0.0.0\r\na=mid:9\r\n'
    for (const wrong of [
      `${sdp}${second}`,
      sdp.replace('m=application', 'm=audio'),
      sdp.replace('a=mid:0', 'a=mid:1').replace('BUNDLE 0', 'BUNDLE 1'),
    ])
      await expect(alice.setRemoteDescription({ type: 'answer', sdp: wrong })).rejects.toMatchObject({
        name: 'InvalidAccessError',
      })
    await alice.setRemoteDescription({ type: 'answer', sdp })
  })

  test('may be anything: 1,500 mutations are accepted or refused with a DOMException, and nothing else', async () => {
    const random = new Random(7)
    const names = new Set<string>()
    for (let i = 0; i < 1_500; i++) {
      const [, sdp] = browserOffers[random.int(browserOffers.length)] ?? ['', '']
      const connection = new SimWorld().createConnection()
      try {
        await connection.setRemoteDescription({ type: 'offer', sdp: mutate(random, sdp) })
        await connection.setLocalDescription()
        names.add('accepted')
      } catch (error) {
        expect(error).toBeInstanceOf(DOMException)
        names.add((error as DOMException).name)
      }
      connection.close()
    }
    expect([...names].sort()).toEqual(['InvalidAccessError', 'OperationError', 'accepted'].sort())
  })
})

function mutate(random: Random, text: string): string {
  const lines = text.split('\r\n')
  for (let n = 1 + random.int(4); n > 0; n--) {
    const at = random.int(lines.length)
    const line = lines[at] ?? ''
    const cut = random.int(line.length + 1)
    switch (random.int(6)) {
      case 0:
        lines.splice(at, 1)
        break
      case 1:
        lines.splice(random.int(lines.length), 0, line)
        break
      case 2:
        lines[at] = line.slice(0, cut)
        break
      case 3:
        lines[at] = line.slice(0, cut) + String.fromCharCode(random.int(0x2_000)) + line.slice(cut + 1)
        break
      case 4:
        lines[at] = line.replace(/\d+/, () => `${random.u32()}${random.u32()}`)
        break
      default:
        lines[at] = line.replaceAll(/[0-9A-Za-z]/g, (letter) => (random.chance(0.1) ? '-' : letter))
    }
  }
  return lines.join('\r\n')
}
