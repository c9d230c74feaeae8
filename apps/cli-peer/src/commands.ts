import { readFileSync } from 'node:fs'

import { Command, InvalidArgumentError, Option } from 'commander'

import type { SessionOptions } from './session/options.ts'

/** The flags that all commands share, as commander hands them over. */
interface CommonFlags {
  readonly signaling: string
  readonly output?: string
  readonly relay?: boolean
  readonly datagram?: boolean
  readonly loopback?: boolean
  readonly timeout: number
  readonly json?: boolean
}

interface JoinFlags extends CommonFlags {
  readonly send?: readonly string[]
  readonly receive?: number
  readonly say?: readonly string[]
  readonly listen?: number
  readonly chat?: boolean
}

/** Runs what the command line asks for. */
export type Run = (options: SessionOptions, style: { readonly json: boolean }) => Promise<void>

export function createProgram(run: Run): Command {
  const program = new Command('purertc-peer')
    .description('Sends files and text to another peer on a channel.')
    .version(version())
    .showHelpAfterError('(--help tells what there is)')
  const start = (channel: string, flags: JoinFlags): Promise<void> => {
    if (flags.datagram === true && ((flags.send?.length ?? 0) > 0 || (flags.receive ?? 0) > 0))
      program.error('error: files need a data channel: leave --datagram out')
    return run(sessionOf(channel, flags), { json: flags.json === true })
  }

  common(program.command('send').description('send files'))
    .argument('<channel>', channelHelp)
    .argument('<file...>', 'what to send')
    .action((channel: string, send: string[], flags: CommonFlags) => start(channel, { ...flags, send }))
  common(program.command('receive').description('receive files'))
    .argument('<channel>', channelHelp)
    .option('--files <n>', 'how many', parsePositive, 1)
    .option('--output <folder>', 'where to put them', '.')
    .action((channel: string, flags: CommonFlags & { files: number }) =>
      start(channel, { ...flags, receive: flags.files }),
    )
  common(program.command('chat').description('send lines of the standard input, and print the peer’s'))
    .argument('<channel>', channelHelp)
    .action((channel: string, flags: CommonFlags) => start(channel, { ...flags, chat: true }))
  common(program.command('join').description('all of these at once'))
    .argument('<channel>', channelHelp)
    .option('--send <file...>', 'files to send')
    .option('--receive <n>', 'how many files to wait for', parseCount)
    .option('--output <folder>', 'where to put them', '.')
    .option('--say <text...>', 'texts to send')
    .option('--listen <n>', 'how many texts to wait for', parseCount)
    .option('--chat', 'send lines of the standard input')
    .action(start)
  return program
}

function common(command: Command): Command {
  return command
    .addOption(
      new Option('--signaling <url>', 'the signalling server')
        .default('ws://127.0.0.1:8080/signaling')
        .env('PURERTC_SIGNALING'),
    )
    .option('--relay', 'go through TURN only')
    .option('--datagram', 'application data straight in DTLS records: text only')
    .option('--loopback', 'offer loopback addresses too')
    .option('--timeout <seconds>', 'until a connection must stand', parsePositive, 30)
    .option('--json', 'one JSON report a line')
}

function sessionOf(channel: string, flags: JoinFlags): SessionOptions {
  return {
    channel,
    signaling: flags.signaling,
    send: flags.send ?? [],
    receive: flags.receive ?? 0,
    say: flags.say ?? [],
    listen: flags.listen ?? 0,
    chat: flags.chat === true,
    output: flags.output ?? '.',
    relay: flags.relay === true,
    datagram: flags.datagram === true,
    loopback: flags.loopback === true,
    timeout: flags.timeout,
  }
}

function parseCount(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 0 || count > 1_000_000)
    throw new InvalidArgumentError('Not a whole number up to 1,000,000.')
  return count
}

function parsePositive(text: string): number {
  const count = parseCount(text)
  if (count === 0) throw new InvalidArgumentError('At least 1.')
  return count
}

function version(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { readonly version: string }).version
}

const channelHelp = 'where to meet: any name that both ends give'
