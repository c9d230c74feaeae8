import { afterEach, expect, test } from '@jest/globals'
import { ProtocolVersion } from '@purertc/dtls'

import type { RTCConfiguration } from '../src/index.ts'
import { type Meeting, meet } from './support/browser-peer.ts'
import { type BrowserPage, chromiumPath, describeWith, openChromium } from './support/browsers.ts'

const fieldTrial = '--force-fieldtrials=WebRTC-IceHandshakeDtls/Enabled/'
const sped: RTCConfiguration = { ice: { sped: true } }

const optionsOf = (sdp: string | undefined): string[] =>
  /^a=ice-options:(.*?)\r?$/m.exec(sdp ?? '')?.[1]?.split(' ') ?? []

describeWith(chromiumPath, 'Chromium with DTLS in its connectivity checks', () => {
  let page: BrowserPage | undefined
  let meeting: Meeting | undefined

  afterEach(async () => {
    meeting?.ours.close()
    await page?.close()
  })

  async function connect(
    offerer: 'we' | 'browser',
    configuration: RTCConfiguration,
    flags: readonly string[] = [fieldTrial],
  ): Promise<Meeting> {
    page = await openChromium({ flags })
    meeting = await meet(page, offerer, configuration)
    expect(meeting.echo).toBe('ping')
    return meeting
  }

  const versions = { min: ProtocolVersion.dtls12, max: ProtocolVersion.dtls12 }

  test.each([
    ['we', {}],
    ['browser', {}],
    ['we', { versions }],
    ['browser', { versions }],
  ] as const)('connects where %s offers, and DTLS travels in checks: %o', async (offerer, dtls) => {
    const { ours } = await connect(offerer, { ...sped, dtls })
    expect(optionsOf(ours.localDescription?.sdp)).toContain('sped')
    expect(optionsOf(ours.remoteDescription?.sdp)).toContain('sped')
    const counted = ours.transportStatistics?.ice.dtlsInStun
    // The answerer begins. By the time that the offerer has heard all of it, here there may be a path for what comes next.
    if (offerer === 'we') expect(counted?.datagramsReceived).toBeGreaterThan(0)
    else {
      expect(counted?.datagramsSent).toBeGreaterThan(0)
      expect(counted?.acknowledged).toBeGreaterThan(0)
    }
    expect(Object.keys(counted?.discarded ?? {})).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/malformed|not-dtls|not-negotiated/)]),
    )
  })

  test('answers within checks where its ClientHello is one datagram', async () => {
    const { ours } = await connect('we', sped, [fieldTrial, '--disable-features=WebRtcPqcForDtls'])
    const counted = ours.transportStatistics?.ice.dtlsInStun
    expect(counted?.datagramsReceived).toBeGreaterThan(0)
    expect(counted?.datagramsSent).toBeGreaterThan(0)
  })

  test.each(['we', 'browser'] as const)('connects without where only it knows how; %s offer', async (who) => {
    const { ours } = await connect(who, {})
    expect(optionsOf(ours.localDescription?.sdp)).not.toContain('sped')
    expect(ours.transportStatistics?.ice.dtlsInStun).toBeNull()
  })

  test.each(['we', 'browser'] as const)('connects without where only we know how; %s offer', async (who) => {
    const { ours } = await connect(who, sped, [])
    expect(optionsOf(ours.remoteDescription?.sdp)).not.toContain('sped')
    expect(ours.transportStatistics?.ice.dtlsInStun?.datagramsReceived).toBe(0)
  })
})
