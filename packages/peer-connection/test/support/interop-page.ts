import { fileURLToPath } from 'node:url'

import { build } from 'esbuild'

import type { BrowserPage } from './browsers.ts'
import { ForeignEnd } from './interop-end.ts'
import type { Command, Report } from './interop-protocol.ts'

/** One connection of a browser, in a page of its own. */
export class ForeignPage extends ForeignEnd {
  readonly #page: Promise<BrowserPage>
  #hasStopped = false

  constructor(opening: Promise<BrowserPage>) {
    super()
    this.#page = this.#prepare(opening)
    void this.#hear()
  }

  tell(command: Command): void {
    this.#page
      .then((page) => page.evaluate(`interop.obey(${JSON.stringify(command)})`))
      .catch((error: unknown) => this.#failed(error))
  }

  async stop(): Promise<void> {
    this.#hasStopped = true
    // Whoever still waits, beside something else that came, is not to keep this process alive.
    this.fail(new Error('the page is closed'))
    await (await this.#page).close()
  }

  protected get complaints(): string {
    return ''
  }

  async #prepare(opening: Promise<BrowserPage>): Promise<BrowserPage> {
    const page = await opening
    await page.evaluate(await bundle())
    return page
  }

  async #hear(): Promise<void> {
    try {
      const page = await this.#page
      for (;;) for (const report of (await page.evaluate('interop.poll()')) as Report[]) this.take(report)
    } catch (error) {
      this.#failed(error)
    }
  }

  #failed(error: unknown): void {
    if (!this.#hasStopped) this.fail(error instanceof Error ? error : new Error(String(error)))
  }
}

let bundled: Promise<string> | undefined

function bundle(): Promise<string> {
  return (bundled ??= build({
    entryPoints: [fileURLToPath(new URL('../pages/interop.ts', import.meta.url))],
    bundle: true,
    format: 'iife',
    globalName: 'interop',
    platform: 'browser',
    conditions: ['@purertc/source'],
    write: false,
  }).then(({ outputFiles }) => (outputFiles[0]?.text ?? '').replace('var interop', 'globalThis.interop')))
}
