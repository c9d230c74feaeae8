import { readdirSync, readFileSync } from 'node:fs'

/** Descriptions made by Chromium 156: 20 scenarios, each with offer, answer, re-offer and re-answer. */
export const vectors: readonly { readonly name: string; readonly text: string }[] = readdirSync(
  new URL('vectors/', import.meta.url),
)
  .sort()
  .map((name) => ({ name, text: readFileSync(new URL(`vectors/${name}`, import.meta.url), 'utf8') }))

export function vector(name: string): string {
  const found = vectors.find((other) => other.name === `chrome-${name}.sdp`)
  if (found === undefined) throw new Error(`no vector ${name}`)
  return found.text
}
