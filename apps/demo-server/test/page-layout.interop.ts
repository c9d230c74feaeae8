import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { pino } from 'pino'
import type { Browser } from 'playwright-core'

import { DemoServer } from '../src/demo-server.ts'
import { describeInChromium, launchChromium } from './support/chromium.ts'

/* The page on a telephone, in half of a screen and on all of it: nothing sticks out, and no card is left over in a row. */
describeInChromium('the page', () => {
  let browser: Browser
  let server: DemoServer

  beforeAll(async () => {
    server = await DemoServer.start({ port: 0, turnPort: 0 }, pino({ level: 'silent' }))
    browser = await launchChromium()
  })

  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })

  test.each([
    [375, [1, 1, 1, 1]],
    [600, [2, 2]],
    [900, [4]],
    [1280, [4]],
  ])('at %i pixels has its steps in rows of %j, and nothing sticks out', async (width, rows) => {
    const page = await browser.newPage({ viewport: { width, height: 800 } })
    await page.goto(server.url)
    await page.evaluate(LONG)
    expect(await page.evaluate(ROWS)).toEqual(rows)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
    await page.close()
  })
})

/** The longest that the page has to say. */
const LONG = `
  document.querySelector('#securing p').textContent = 'DTLS 1.2, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'
  for (const list of ['messages', 'transfers', 'log'])
    document.getElementById(list).append(Object.assign(document.createElement('li'), { textContent: 'x'.repeat(200) }))
`

/** How many steps are in each row. */
const ROWS = `{
  const tops = [...document.querySelectorAll('#steps li')].map((step) => step.getBoundingClientRect().top)
  const rows = [...new Set(tops)]
  rows.map((row) => tops.filter((top) => top === row).length)
}`
