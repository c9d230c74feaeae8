import pc from 'picocolors'

import { rate, size } from '../reporters/sentence.ts'
import { type ActResult, find } from './act.ts'

export interface TourResult {
  readonly direct: ActResult
  readonly datagram: ActResult
  readonly relayed: ActResult
  readonly seconds: number
}

/** One screen: what each connection ran over, and what went through it. */
export function summary({ direct, datagram, relayed, seconds }: TourResult): string {
  const text = find(datagram, 'bob', 'text')
  return [
    '',
    pc.bold('Summary'),
    ...connection('Data channel', direct, fileLine(direct)),
    ...connection('Plain DTLS', datagram, text ? `“${text.text}”` : 'nothing'),
    ...connection('Relayed by TURN', relayed, fileLine(relayed)),
    '',
    pc.green(`All three connections worked, in ${seconds.toFixed(1)} s.`),
  ].join('\n')
}

function connection(title: string, result: ActResult, carried: string): string[] {
  const pair = find(result, 'alice', 'nominated')
  const secured = find(result, 'alice', 'secured')
  const messages = result.filter(({ peer, report }) => peer === 'alice' && report.event === 'message').length
  return [
    `  ${pc.cyan(title)}`,
    `    Signaling      ${messages} messages sent and received by alice`,
    `    Connecting     ${pair ? `${pair.local} → ${pair.remote}` : 'no pair'}`,
    `    Securing       ${secured ? `${secured.version}, ${secured.cipherSuite}, both fingerprints matched` : 'not secured'}`,
    `    Communicating  ${carried}`,
  ]
}

function fileLine(result: ActResult): string {
  const file = find(result, 'bob', 'file')
  if (!file) return 'no file'
  return `${size(file.bytes)} in ${file.seconds.toFixed(2)} s, ${rate(file.bytes, file.seconds)}, SHA-256 ${file.sha256.slice(0, 16)}… verified`
}
