import { createHash } from 'node:crypto'

import { ErrorReply } from 'redis'

import type { RedisLink } from './redis-link.ts'

/** Runs a script by its digest; Redis is given its text where it does not know it yet. */
export async function evaluate(link: RedisLink, script: string, args: readonly string[]): Promise<unknown> {
  try {
    return await link.ask(['EVALSHA', digestOf(script), '0', ...args])
  } catch (error) {
    if (!(error instanceof ErrorReply) || !error.message.startsWith('NOSCRIPT')) throw error
    return link.ask(['EVAL', script, '0', ...args])
  }
}

function digestOf(script: string): string {
  let digest = digests.get(script)
  if (digest === undefined) digests.set(script, (digest = createHash('sha1').update(script).digest('hex')))
  return digest
}

const digests: Map<string, string> = new Map()
