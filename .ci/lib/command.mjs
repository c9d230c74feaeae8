import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The repository's root folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

/** pnpm at the version that package.json pins, through npx: nobody needs a global one. */
export const pnpm = (...args) => ['npx', '--yes', packageManager(), ...args]

/**
 * Runs a command in the repository. `quiet` keeps its output back and shows it only when it fails.
 * Resolves to the exit code; a program that cannot be started counts as 127, one that is killed after `timeout` ms as 1.
 */
export function run([program, ...args], { quiet = false, env = {}, cwd = root, timeout } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd,
      timeout,
      env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', ...env },
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
      shell: process.platform === 'win32',
    })
    const output = []
    child.stdout?.on('data', (chunk) => output.push(chunk))
    child.stderr?.on('data', (chunk) => output.push(chunk))
    child.on('error', (error) => {
      console.error(`${program}: ${error.message}`)
      resolve(127)
    })
    child.on('close', (code) => {
      if (quiet && code !== 0) for (const chunk of output) process.stderr.write(chunk)
      resolve(code ?? 1)
    })
  })
}

function packageManager() {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).packageManager
}
