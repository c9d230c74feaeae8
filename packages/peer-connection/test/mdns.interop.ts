import { afterEach, expect, test } from '@jest/globals'

import { MulticastDns } from '@purertc/ice/node'

import { type Meeting, meet } from './support/browser-peer.ts'
import {
  type BrowserPage,
  chromiumPath,
  describeWith,
  firefoxPath,
  openChromium,
  openFirefox,
} from './support/browsers.ts'

const nameOf = (sdp: string | undefined): string => /[0-9a-f-]{36}\.local/i.exec(sdp ?? '')?.[0] ?? ''
const hidden = /^a=candidate:\S+ 1 udp \d+ [0-9a-f-]{36}\.local \d+ typ host/im

/** The name's addresses, asked for until the browser answers: it may be busy, and each question is for 3.5 s only. */
async function found(name: string): Promise<readonly string[]> {
  const mdns = new MulticastDns()
  try {
    for (;;) {
      const addresses = await mdns.resolve(name)
      if (addresses.length > 0) return addresses
    }
  } finally {
    mdns.close()
  }
}

const browsers = [
  // The last switch of this kind counts, so that nothing of what hides addresses is disabled.
  ['Chromium', chromiumPath, () => openChromium({ flags: ['--disable-features=None'] })],
  [
    'Firefox',
    firefoxPath,
    () => openFirefox({ preferences: { 'media.peerconnection.ice.obfuscate_host_addresses': true } }),
  ],
] as const

for (const [name, path, open] of browsers)
  describeWith(path, `${name} with .local names`, () => {
    let page: BrowserPage | undefined
    let meeting: Meeting | undefined

    afterEach(async () => {
      meeting?.ours.close()
      await page?.close()
    })

    test.each(['we', 'browser'] as const)('is found by its names; %s offer', async (offerer) => {
      page = await open()
      meeting = await meet(page, offerer, {})
      expect(meeting.echo).toBe('ping')
      const { remoteDescription, transportStatistics } = meeting.ours
      expect(remoteDescription?.sdp).toMatch(hidden)
      expect(transportStatistics?.discarded.ice).not.toHaveProperty('unresolved-candidate')
      // Its checks have told its address as well, perhaps before anybody was asked: the name is asked for once more.
      expect(await found(nameOf(remoteDescription?.sdp))).toEqual([expect.stringMatching(/^[\d.]+$|:/)])
    })

    test.each(['we', 'browser'] as const)('finds us by our names; %s offer', async (offerer) => {
      page = await open()
      meeting = await meet(page, offerer, { network: { includeLoopback: true, mdns: 'hide' } })
      expect(meeting.echo).toBe('ping')
      const { localDescription } = meeting.ours
      expect(localDescription?.sdp).toMatch(hidden)
      expect(localDescription?.sdp).not.toMatch(/^a=candidate.*(127\.0\.0\.1|192\.)/m)
    })
  })
