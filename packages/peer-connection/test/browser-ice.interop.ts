import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { createTurnServer, type NodeTurnServer } from '@purertc/turn/node'

import { BrowserLink, type BrowserLinkOptions } from './support/browser-link.ts'
import {
  type BrowserPage,
  chromiumPath,
  describeWith,
  firefoxPath,
  openChromium,
  openFirefox,
} from './support/browsers.ts'

/** ICE with browsers: trickle, restarts, relays, and candidates over TCP, whoever offers. */
describeWith(chromiumPath, 'Chromium', () => iceSuite(() => openChromium()))
describeWith(firefoxPath, 'Firefox', () => iceSuite(() => openFirefox()))

function iceSuite(openPage: () => Promise<BrowserPage>): void {
  const offerers = ['we', 'browser'] as const
  let page: BrowserPage
  let link: BrowserLink | null = null
  beforeAll(async () => void (page = await openPage()))
  afterEach(async () => {
    await link?.close()
    link = null
  })
  afterAll(() => page?.close())

  const open = async (offerer: 'we' | 'browser', options?: BrowserLinkOptions): Promise<BrowserLink> =>
    (link = await BrowserLink.open(page, offerer, options))

  test.each(offerers)('trickles: %s offer', async (offerer) => {
    const current = await open(offerer)
    const { descriptions } = current
    expect(descriptions).toHaveLength(2)
    // Neither waited for its candidates, and whoever has some early may tell.
    expect(descriptions[0]).not.toMatch(/^a=end-of-candidates/m)
    expect(descriptions[0]).toMatch(/^a=ice-options:.*\btrickle\b/m)
    await current.flowDuring(() => Promise.resolve())
  })

  test.each([
    ['we', 'we'],
    ['we', 'browser'],
    ['browser', 'we'],
    ['browser', 'browser'],
  ] as const)('restarts while data flows: %s offered, %s restart', async (offerer, restarter) => {
    const current = await open(offerer)
    const fragments = (): Set<string> =>
      new Set(current.descriptions.flatMap((sdp) => /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1] ?? []))
    expect(fragments().size).toBe(2)
    await current.flowDuring(() => current.restart(restarter))
    expect(fragments().size).toBe(4)
    await current.flowDuring(() => current.restart(restarter))
    expect(fragments().size).toBe(6)
  })

  test('restarts though its answer takes its time: our checks are there first', async () => {
    const current = await open('we', { latency: 200 })
    for (let i = 0; i < 2; i++) await current.flowDuring(() => current.restart('browser'))
  })

  describe('through our TURN server', () => {
    let server: NodeTurnServer
    let iceServers: { urls: string; username: string; credential: string }[]
    beforeAll(async () => {
      server = await createTurnServer({
        realm: 'example.org',
        authenticate: (name) => (name === 'user' ? 'secret' : null),
        allowPeer: () => true,
        relayAddress: '127.0.0.1',
        listen: [{ address: '127.0.0.1', port: 0 }],
      })
      const port = server.addresses[0]?.port ?? 0
      iceServers = [{ urls: `turn:127.0.0.1:${port}`, username: 'user', credential: 'secret' }]
    })
    afterAll(() => server?.close())

    test.each(offerers)('both show nothing but relays: %s offer', async (offerer) => {
      const relayed = { iceServers, iceTransportPolicy: 'relay' } as const
      const current = await open(offerer, { ours: relayed, theirs: relayed })
      await current.flowDuring(() => Promise.resolve())
      expect(current.selected).toMatchObject([{ local: { type: 'relay' }, remote: { type: 'relay' } }])
      expect(await current.theirPair()).toMatchObject({ local: { candidateType: 'relay' } })
    })
  })

  test.each(offerers)('takes our passive TCP candidate: %s offer', async (offerer) => {
    const network = { includeLoopback: true, udp: false, tcp: ['passive'] } as const
    const current = await open(offerer, { ours: { network } })
    await current.flowDuring(() => Promise.resolve())
    expect(current.selected.at(-1)).toMatchObject({ local: { transport: 'tcp', tcpType: 'passive' } })
    expect(await current.theirPair()).toMatchObject({ remote: { protocol: 'tcp', candidateType: 'host' } })
  })
}
