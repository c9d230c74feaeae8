import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { ProtocolVersion } from '@purertc/dtls'

import type { RTCConfiguration } from '../src/index.ts'
import { meet, type Meeting, ourTransport } from './support/browser-peer.ts'
import { type BrowserPage, chromiumPath, describeWith, openChromium } from './support/browsers.ts'

const { dtls12 } = ProtocolVersion
const only12: RTCConfiguration = { dtls: { versions: { min: dtls12, max: dtls12 } } }

describeWith(chromiumPath, 'Chromium', () => {
  describe.each([
    ['as it is', [], 'X25519MLKEM768'],
    ['without post-quantum groups', ['--disable-features=WebRtcPqcForDtls'], 'x25519'],
  ])('%s', (_name, flags, group) => {
    let page: BrowserPage
    let meeting: Meeting | null = null
    beforeAll(async () => void (page = await openChromium({ flags })))
    afterEach(() => {
      meeting?.ours.close()
      meeting = null
    })
    afterAll(() => page?.close())

    test.each([
      ['client', 'browser'],
      ['server', 'we'],
    ] as const)('agrees on DTLS 1.3 with us as the %s', async (_role, offerer) => {
      meeting = await meet(page, offerer)
      expect(meeting.echo).toBe('ping')
      expect(meeting.theirs).toMatchObject({
        tlsVersion: 'FEFC',
        dtlsCipher: 'TLS_AES_128_GCM_SHA256',
        dtlsState: 'connected',
      })
      expect((await ourTransport(meeting)).tlsGroup).toBe(group)
    })

    test.each([
      ['client', 'browser'],
      ['server', 'we'],
    ] as const)('agrees on DTLS 1.2 where we have no other, with us as the %s', async (_role, offerer) => {
      meeting = await meet(page, offerer, only12)
      expect(meeting.echo).toBe('ping')
      expect(meeting.theirs).toMatchObject({
        tlsVersion: 'FEFD',
        dtlsCipher: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
        dtlsState: 'connected',
      })
      expect((await ourTransport(meeting)).tlsGroup).toBe('x25519')
    })
  })
})
