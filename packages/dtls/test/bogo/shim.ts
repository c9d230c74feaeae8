import { configure } from './configure.ts'
import { exchange, ExchangeFailed } from './exchange.ts'
import { parseFlags, Unimplemented } from './flags.ts'
import { Sessions } from './sessions.ts'

/** The program that BoringSSL's runner starts for each of its tests. See README.md. */
async function main(args: readonly string[]): Promise<number> {
  try {
    const { initial, resume } = parseFlags(args)
    if (initial.has('is-handshaker-supported')) {
      process.stdout.write('No\n')
      return 0
    }
    if (!initial.has('dtls')) throw new Unimplemented('TLS over streams')
    const sessions = new Sessions(initial)
    for (let round = 0; round <= initial.number('resume-count'); round++) {
      const options = round === 0 ? initial : resume
      await exchange(options, configure(options, sessions), sessions, round > 0)
    }
    return 0
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    if (error instanceof Unimplemented) return exitUnimplemented
    if (!(error instanceof ExchangeFailed) && error instanceof Error)
      process.stderr.write(`${error.stack ?? ''}\n`)
    return 1
  }
}

/** By this exit code the runner tells what a shim cannot do from what it does wrong. */
const exitUnimplemented = 89

process.exitCode = await main(process.argv.slice(2))
