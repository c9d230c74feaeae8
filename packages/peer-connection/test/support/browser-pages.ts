import { chromium } from 'playwright-core'
import puppeteer from 'puppeteer-core'

/** A page of a browser that a test drives; made for one test and closed by it. */
export interface BrowserPage {
  /** Runs an expression in the page; what it resolves to must be what JSON can carry. */
  evaluate(expression: string): Promise<unknown>
  close(): Promise<void>
}

/** What can be chosen when a browser is started. */
export interface BrowserOptions {
  /** Chromium's switches, besides those of every start. */
  readonly flags?: readonly string[]
  /** Firefox's preferences, besides those of every start. */
  readonly preferences?: Readonly<Record<string, boolean | number | string>>
}

export const chromiumPath: string = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
export const firefoxPath: string = process.env['FIREFOX'] ?? '/usr/bin/firefox-esr'

/** A blank page of Chromium, whose candidates are addresses and not `.local` names. */
export async function openChromium(options: BrowserOptions = {}): Promise<BrowserPage> {
  const browser = await chromium.launch({
    executablePath: chromiumPath,
    args: [...chromiumFlags, ...(options.flags ?? [])],
  })
  const page = await browser.newPage()
  return {
    evaluate: (expression) => page.evaluate(expression),
    close: () => browser.close(),
  }
}

/** A blank page of Firefox, driven by WebDriver BiDi. */
export async function openFirefox(options: BrowserOptions = {}): Promise<BrowserPage> {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: firefoxPath,
    headless: true,
    // What a page waits for may take its time: the test says how long.
    protocolTimeout: 0,
    extraPrefsFirefox: { ...firefoxPreferences, ...options.preferences },
  })
  const page = await browser.newPage()
  return {
    evaluate: (expression) => page.evaluate(expression),
    close: () => browser.close(),
  }
}

const chromiumFlags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-features=WebRtcHideLocalIpsWithMdns',
  '--allow-loopback-in-peer-connection',
]

const firefoxPreferences = {
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.peerconnection.ice.loopback': true,
}
