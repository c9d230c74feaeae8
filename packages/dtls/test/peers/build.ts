import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The programs here in other languages, each with the tool that builds it. */
export type PeerName = 'dimpl' | 'pion'

/**
 * Builds a peer, or finds it built: the tools keep what they made in a folder of the package that is not under version
 * control. Returns its path. Throws with what the tool said.
 */
export function buildPeer(name: PeerName): string {
  const source = fileURLToPath(new URL(name, import.meta.url))
  const cache = fileURLToPath(new URL('../../node_modules/.cache/peers', import.meta.url))
  mkdirSync(cache, { recursive: true })
  const target = join(cache, name)
  if (name === 'dimpl') {
    run('cargo', ['build', '--quiet', '--locked', '--target-dir', target], source)
    return join(target, 'debug', 'purertc-dimpl-peer')
  }
  run('go', ['build', '-o', target, '.'], source)
  return target
}

export const toolOf: Readonly<Record<PeerName, string>> = { dimpl: 'cargo', pion: 'go' }

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}:\n${stderr}`)
}
