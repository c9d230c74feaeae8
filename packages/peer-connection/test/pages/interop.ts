/**
 * A connection of the browser's own, commanded and reporting as interop-protocol.ts says: what interop-child.ts is for
 * stacks in processes. Bundled and run by `support/interop-page.ts`.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { toHex } from '@purertc/bytes'

import { InteropPeer, type Surroundings } from '../support/interop-peer.ts'
import type { Command, Report } from '../support/interop-protocol.ts'
import { type W3cApi, W3cStack } from '../support/interop-w3c.ts'

declare const crypto: { getRandomValues(into: Uint8Array): Uint8Array }

const reports: Report[] = []
let wake = (): void => undefined

const surroundings: Surroundings = {
  report: (report) => {
    reports.push(report)
    wake()
  },
  sha256: () => {
    const hash = sha256.create()
    return { add: (bytes) => hash.update(bytes), digest: () => toHex(hash.digest()) }
  },
  random: (size) => {
    const bytes = new Uint8Array(size)
    // Of more at a time a page must not ask.
    for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536))
    return bytes
  },
}

const peer = new InteropPeer(surroundings, (host) => new W3cStack(globalThis as unknown as W3cApi, host))

export function obey(command: Command): Promise<void> {
  return peer.obey(command)
}

/** What was reported since the last time; waits for something. */
export async function poll(): Promise<Report[]> {
  while (reports.length === 0) await new Promise<void>((resolve) => (wake = resolve))
  return reports.splice(0)
}
