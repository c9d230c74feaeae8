import type { RedisLink } from './redis-link.ts'

/**
 * Removes what a Redis that keeps its data on disk still has of its lives before; each has keys of its own below `prefix`,
 * and `present` is where those of this life begin.
 */
export async function sweep(link: RedisLink, prefix: string, present: string): Promise<void> {
  const old = new RegExp(`^${prefix.replace(/\W/g, '\\$&')}[0-9a-f]{12}:`)
  let cursor = '0'
  do {
    const scan = ['SCAN', cursor, 'MATCH', `${prefix}*`, 'COUNT', '1000']
    const [next, keys] = await link.ask<[string, string[]]>(scan)
    const stale = keys.filter((key) => old.test(key) && !key.startsWith(present))
    if (stale.length > 0) await link.ask(['UNLINK', ...stale])
    cursor = next
  } while (cursor !== '0')
}
