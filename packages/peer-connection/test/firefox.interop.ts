import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'

import { meet, type Meeting, ourTransport } from './support/browser-peer.ts'
import { type BrowserPage, describeWith, firefoxPath, openFirefox } from './support/browsers.ts'

describeWith(firefoxPath, 'Firefox', () => {
  describe.each([
    ['as it is', {}, 'FEFC', 'X25519MLKEM768'],
    ['without post-quantum groups', { 'media.webrtc.enable_pq_hybrid_kex': false }, 'FEFC', 'x25519'],
    ['that speaks DTLS 1.2', { 'media.peerconnection.dtls.version.max': 771 }, 'FEFD', 'x25519'],
  ])('%s', (_name, preferences, version, group) => {
    let page: BrowserPage
    let meeting: Meeting | null = null
    beforeAll(async () => void (page = await openFirefox({ preferences })))
    afterEach(() => {
      meeting?.ours.close()
      meeting = null
    })
    afterAll(() => page?.close())

    test.each([
      ['client', 'browser'],
      ['server', 'we'],
    ] as const)('connects with us as the %s', async (_role, offerer) => {
      meeting = await meet(page, offerer)
      expect(meeting.echo).toBe('ping')
      // Firefox's own statistics do not tell.
      expect(await ourTransport(meeting)).toMatchObject({
        tlsVersion: version,
        dtlsCipher: version === 'FEFC' ? 'TLS_AES_128_GCM_SHA256' : 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
        tlsGroup: group,
      })
    })
  })
})
