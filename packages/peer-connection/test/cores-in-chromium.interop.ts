import { fileURLToPath } from 'node:url'

import { expect, test } from '@jest/globals'
import { build } from 'esbuild'

import { chromiumPath, describeWith, openChromium } from './support/browsers.ts'

describeWith(chromiumPath, 'the cores in a page', () => {
  test('STUN, SDP, DTLS 1.3 and a data channel run in Chromium, by the portable provider', async () => {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL('./pages/cores.ts', import.meta.url))],
      bundle: true,
      format: 'iife',
      globalName: 'cores',
      platform: 'browser',
      conditions: ['@purertc/source'],
      write: false,
    })
    const page = await openChromium()
    try {
      // A bundle that reached for node:* or a global of Node's would fail here.
      await page.evaluate(outputFiles[0]?.text.replace('var cores', 'globalThis.cores') ?? '')
      const report = await page.evaluate(`cores.exercise(${JSON.stringify(sdp)})`)
      expect(report).toEqual({
        stunUser: 'evtj:h6vY',
        isSdpWhole: true,
        version: 'fefc',
        group: 'x25519mlkem768',
        echoed: 'hello from a page',
      })
    } finally {
      await page.close()
    }
  })
})

const sdp = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', ''].join('\r\n')
