import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Browser, Page } from 'playwright-core'

import { type DemoServerProgram, startDemoServer } from '../../cli-peer/test/support/programs.ts'
import { describeInChromium, launchChromium } from './support/chromium.ts'

/* The built program, and two people with the page open: what each of them sees of the other. */
describeInChromium('two pages', () => {
  let browser: Browser
  let server: DemoServerProgram

  beforeAll(async () => {
    server = await startDemoServer()
    browser = await launchChromium()
  })

  afterAll(async () => {
    await browser?.close()
    await server?.stop()
  })

  async function join(page: Page): Promise<void> {
    await page.click('#join-button')
    await page.waitForSelector('#signaling.done')
  }

  /** What the steps say that are not idle. */
  const busySteps = (page: Page): Promise<string[]> =>
    page.locator('#steps li[class]:not([class=""]) h2').allTextContents()

  test('meet, talk, see each other hang up, and meet again', async () => {
    const complaints: string[] = []
    const open = async (): Promise<Page> => {
      const page = await browser.newPage()
      page.on('pageerror', (error) => complaints.push(error.message))
      await page.goto(server.pageUrl)
      await join(page)
      return page
    }
    const [alice, bob] = [await open(), await open()]
    for (let meeting = 1; meeting <= 2; meeting++) {
      await alice.waitForSelector('#text:enabled')
      await bob.waitForSelector('#text:enabled')
      await alice.fill('#text', `hello ${meeting}`)
      await alice.click('#say-button')
      await bob.getByText(`hello ${meeting}`).waitFor()
      expect(await busySteps(bob)).toEqual(['Signaling', 'Connecting', 'Securing', 'Communicating'])

      await alice.click('#leave-button')
      await alice.getByText('not joined (left)').waitFor()
      await bob.getByText('not joined (the peer hung up)').waitFor()
      for (const page of [alice, bob]) {
        expect(await busySteps(page)).toEqual([])
        await join(page)
      }
    }
    expect(complaints).toEqual([])
  })

  test('are used by the keyboard alone', async () => {
    const page = await browser.newPage()
    await page.goto(server.pageUrl)
    const focused = page.locator(':focus')
    await page.focus('#channel')
    await page.keyboard.press('Enter')
    await page.waitForSelector('#signaling.done')
    expect(await focused.getAttribute('id')).toBe('leave-button')
    await page.keyboard.press('Enter')
    await page.getByText('not joined (left)').waitFor()
    expect(await focused.getAttribute('id')).toBe('join-button')
  })
})
