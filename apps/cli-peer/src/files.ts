import { createHash } from 'node:crypto'
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, join, parse } from 'node:path'

import type { FileSink, FileSource, RunningHash } from '@purertc/demo-server/transfer'

export const sha256 = (): RunningHash => {
  const hash = createHash('sha256')
  return { update: (piece) => void hash.update(piece), hex: () => hash.digest('hex') }
}

/** A file on disk, to be closed by the caller. */
export async function openSource(path: string): Promise<FileSource & { close(): Promise<void> }> {
  const handle = await open(path, 'r')
  const { size } = await handle.stat()
  return {
    name: basename(path),
    size,
    read: async (offset, length) => {
      const block = new Uint8Array(length)
      const { bytesRead } = await handle.read(block, 0, length, offset)
      return block.subarray(0, bytesRead)
    },
    close: () => handle.close(),
  }
}

/** A file that is being received. */
export interface Sink extends FileSink {
  readonly path: string
  close(): void
  /** Closes and deletes it. */
  discard(): void
}

/**
 * A new file in `folder`. The name is the peer's, so that only its last part counts, and no file that exists is
 * overwritten. Writing is synchronous: a disk that is slower than the network then slows the network down, and
 * memory stays bounded.
 */
export function createSink(folder: string, name: string): Sink {
  const { path, descriptor } = createUnused(folder, safeName(name))
  let isOpen = true
  const close = (): void => {
    isOpen = false
    closeSync(descriptor)
  }
  return {
    path,
    write: (piece) => {
      // The system may have given the number to another file.
      if (!isOpen) throw new Error(`${path} is closed`)
      writeSync(descriptor, piece)
    },
    close,
    discard: () => {
      close()
      unlinkSync(path)
    },
  }
}

/**
 * The last part of a path of either system, without characters that control a terminal or turn its direction; never
 * empty, `.` or `..`, and no longer than file systems take.
 */
export function safeName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? ''
  const clean = last.replace(/[\p{Cc}\p{Bidi_Control}<>:"|?*]/gu, '_')
  return /^\.*$/.test(clean) ? 'file' : shortened(clean)
}

/** What is too long loses the end of its stem, and keeps its extension if that is a short one. */
function shortened(name: string): string {
  const { name: stem, ext } = parse(name)
  const tail = Buffer.byteLength(ext) <= 20 ? ext : ''
  const characters = Array.from(tail === '' ? name : stem)
  while (Buffer.byteLength(characters.join('')) > LONGEST - Buffer.byteLength(tail)) characters.pop()
  return characters.join('') + tail
}

function createUnused(folder: string, name: string): { path: string; descriptor: number } {
  for (let attempt = 0; ; attempt++) {
    const path = join(folder, attempt === 0 ? name : numbered(name, attempt))
    try {
      return { path, descriptor: openSync(path, 'wx') }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

function numbered(name: string, attempt: number): string {
  const dot = name.lastIndexOf('.')
  return dot > 0 ? `${name.slice(0, dot)} (${attempt})${name.slice(dot)}` : `${name} (${attempt})`
}

/** Bytes of UTF-8: file systems take 255, and a number may follow. */
const LONGEST = 240
