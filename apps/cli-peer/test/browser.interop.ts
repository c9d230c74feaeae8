import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Browser, chromium, type Page } from 'playwright-core'

import { type DemoServerProgram, type PeerProgram, startDemoServer, startPeer } from './support/programs.ts'

/*
 * Chromium on the demo server's page and a peer process on the terminal exchange texts and files of 16 MiB, both ways,
 * at the same time. Who joins first makes the offer. Chromium offers DTLS 1.3 in a ClientHello of two fragments; its
 * candidates are `.local` names, so that its addresses are found as peer-reflexive ones.
 */
const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const isAbsent = !existsSync(executablePath)
if (isAbsent && process.env['CI'] === 'true') throw new Error(`${executablePath} is missing`)
const describeHere = isAbsent ? describe.skip : describe

const size = 16 * 1024 * 1024

describeHere(`Chromium (skipped where ${executablePath} is absent)`, () => {
  let browser: Browser
  let server: DemoServerProgram
  let folder: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'purertc-browser-'))
    server = await startDemoServer()
    browser = await chromium.launch({ executablePath, args: flags })
  })

  afterAll(async () => {
    await browser?.close()
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test.each(['the browser', 'the terminal'])('exchanges texts and files when %s offers', async (offerer) => {
    const channel = `interop-${offerer.replace(' ', '-')}`
    const toBrowser = makeFile('to-browser.bin')
    const toTerminal = makeFile('to-terminal.bin')
    const startTerminal = (): PeerProgram =>
      startPeer([
        ...['join', channel, '--signaling', server.signalingUrl, '--output', folder],
        ...['--send', toBrowser.path, '--receive', '1', '--say', 'hello, page', '--listen', '1'],
      ])

    let terminal: PeerProgram
    let page: Page
    if (offerer === 'the browser') {
      page = await openPage(channel)
      terminal = startTerminal()
    } else {
      terminal = startTerminal()
      const { reports } = terminal
      await until(() => reports.some(({ event }) => event === 'joined'))
      page = await openPage(channel)
    }
    await page.locator('#text:enabled').waitFor()
    await page.fill('#text', 'hello, terminal')
    await page.click('#say-button')
    await page.setInputFiles('#file', toTerminal.path)

    const { reports } = terminal
    expect({ code: await terminal.ended, failed: reports.filter(({ event }) => event === 'failed') }).toEqual(
      {
        code: 0,
        failed: [],
      },
    )
    expect(reports).toContainEqual(
      expect.objectContaining({ event: 'text', direction: 'received', text: 'hello, terminal' }),
    )
    expect(reports).toContainEqual(expect.objectContaining({ event: 'secured', version: 'DTLS 1.3' }))
    expect(reports).toContainEqual(
      expect.objectContaining({
        event: 'message',
        direction: 'sent',
        kind: offerer === 'the browser' ? 'answer' : 'offer',
      }),
    )
    const received = reports.find((report) => report.event === 'file' && report.direction === 'received')
    if (received?.event !== 'file') throw new Error('no file was received')
    expect(hashOf(readFileSync(join(folder, received.name)))).toBe(toTerminal.hash)

    expect(await page.locator('#messages .theirs').allTextContents()).toEqual(['hello, page'])
    const transfers = await page.locator('#transfers .done').allTextContents()
    expect(transfers).toHaveLength(2)
    for (const { hash } of [toBrowser, toTerminal])
      expect(transfers.some((text) => text.includes(hash.slice(0, 16)))).toBe(true)
    await page.close()
  })

  async function openPage(channel: string): Promise<Page> {
    const page = await browser.newPage()
    await page.goto(server.pageUrl)
    await page.fill('#channel', channel)
    await page.click('#join-button')
    await page.locator('#signaling.done').waitFor()
    return page
  }

  function makeFile(name: string): { path: string; hash: string } {
    const content = randomBytes(size)
    const path = join(folder, `${Math.random().toString(36).slice(2)}-${name}`)
    writeFileSync(path, content)
    return { path, hash: hashOf(content) }
  }

  /** Polls what another process tells: there is no event to wait for on this side. */
  async function until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise((resolve) => setImmediate(resolve))
  }
})

const hashOf = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex')

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
