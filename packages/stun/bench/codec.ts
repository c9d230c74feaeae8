/**
 * What reading and writing a message costs, beside the npm package `stun`.
 *
 *     node --conditions=@purertc/source --import tsx packages/stun/bench/codec.ts
 *
 * Both read and write the same messages; their results are compared before anything is timed. The two take turns in
 * short batches, so that a noisy machine disturbs both alike; the least batch is what the code costs.
 */
import { Buffer } from 'node:buffer'
import { performance } from 'node:perf_hooks'

import { fromHex, toHex } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'
import stun from 'stun'

import {
  authenticate,
  MessageBuilder,
  MessageClass,
  Method,
  shortTermKey,
  Software,
  StunMessage,
  transportAddress,
  Username,
  XorMappedAddress,
} from '../src/index.ts'

interface Contest {
  readonly name: string
  readonly ours: () => unknown
  readonly theirs: () => unknown
}

/** Where results go, so that nothing is optimized away. */
const kept: unknown[] = [null]
const password = 'VOkJxbRl1RmTxUk/WvJxBt'
const key = shortTermKey(password)
const transactionId = Buffer.from(fromHex('b7e7a701bc34d686fa87dfae'))
const mapped = transportAddress('192.0.2.1', 32_853)
const { STUN_BINDING_REQUEST = 0, STUN_BINDING_RESPONSE = 0 } = stun.constants
const attribute = (name: string): number => stun.constants[`STUN_ATTR_${name}`] ?? NaN

const oursRequest = (): MessageBuilder =>
  new MessageBuilder(Method.binding, MessageClass.request, transactionId).add(Username, 'evtj:h6vY')
const theirsRequest = (): ReturnType<typeof stun.createMessage> => {
  const message = stun.createMessage(STUN_BINDING_REQUEST, transactionId)
  message.addAttribute(attribute('USERNAME'), 'evtj:h6vY')
  return message
}
const oursResponse = (): MessageBuilder =>
  new MessageBuilder(Method.binding, MessageClass.successResponse, transactionId)
    .add(Software, 'test vector')
    .add(XorMappedAddress, mapped)
const theirsResponse = (): ReturnType<typeof stun.createMessage> => {
  const message = stun.createMessage(STUN_BINDING_RESPONSE, transactionId)
  message.addAttribute(attribute('SOFTWARE'), 'test vector')
  message.addAttribute(attribute('XOR_MAPPED_ADDRESS'), mapped.address, mapped.port)
  return message
}

const plain = Buffer.from(oursResponse().build())
const marked = Buffer.from(oursResponse().finish())
const signed = Buffer.from(oursResponse().sign(nodeCrypto, key).finish())

const contests: readonly Contest[] = [
  {
    name: 'decode a response, read its address',
    ours: () => portOf(StunMessage.decode(plain)?.get(XorMappedAddress)),
    theirs: () => portOf(stun.decode(plain).getAttribute(attribute('XOR_MAPPED_ADDRESS'))?.value),
  },
  {
    name: 'the same, FINGERPRINT checked',
    ours: () => portOf(StunMessage.decode(marked)?.get(XorMappedAddress)),
    theirs: () => {
      const message = stun.decode(marked)
      if (!stun.validateFingerprint(message)) return null
      return portOf(message.getAttribute(attribute('XOR_MAPPED_ADDRESS'))?.value)
    },
  },
  {
    name: 'the same, MESSAGE-INTEGRITY checked too',
    ours: () => {
      const message = StunMessage.decode(signed)
      const trusted = message === null ? null : authenticate(nodeCrypto, message, key)
      return portOf(trusted?.get(XorMappedAddress))
    },
    theirs: () => {
      const message = stun.decode(signed)
      if (!stun.validateFingerprint(message) || !stun.validateMessageIntegrity(message, password)) return null
      return portOf(message.getAttribute(attribute('XOR_MAPPED_ADDRESS'))?.value)
    },
  },
  {
    name: 'encode a request',
    ours: () => oursRequest().build(),
    theirs: () => theirsRequest().toBuffer(),
  },
  {
    name: 'encode a response',
    ours: () => oursResponse().build(),
    theirs: () => theirsResponse().toBuffer(),
  },
  {
    name: 'the same with FINGERPRINT',
    ours: () => oursResponse().finish(),
    theirs: () => {
      const message = theirsResponse()
      message.addFingerprint()
      return message.toBuffer()
    },
  },
  {
    name: 'the same with MESSAGE-INTEGRITY too',
    ours: () => oursResponse().sign(nodeCrypto, key).finish(),
    theirs: () => {
      const message = theirsResponse()
      message.addMessageIntegrity(password)
      message.addFingerprint()
      return message.toBuffer()
    },
  },
]

for (const contest of contests) assertSame(contest)
console.log('results agree; microseconds a message, the least of 40 batches\n')
console.log(`${''.padEnd(42)}${'ours'.padStart(8)}${'stun'.padStart(8)}${'ratio'.padStart(8)}`)
const ratios: number[] = []
for (const { name, ours, theirs } of contests) {
  const best = { ours: Infinity, theirs: Infinity }
  for (let batch = 0; batch < 40; batch++) {
    best.ours = Math.min(best.ours, time(ours, 4_000))
    best.theirs = Math.min(best.theirs, time(theirs, 500))
  }
  const ratio = best.theirs / best.ours
  ratios.push(ratio)
  console.log(
    name.padEnd(42) +
      best.ours.toFixed(2).padStart(8) +
      best.theirs.toFixed(2).padStart(8) +
      `${ratio.toFixed(1)}x`.padStart(8),
  )
}
const worst = Math.min(...ratios)
console.log(`\nat least ${worst.toFixed(1)} times the rate of the npm package stun; aim: 5`)
if (worst < 5) process.exitCode = 1

/** Microseconds that one call takes. */
function time(run: () => unknown, times: number): number {
  const start = performance.now()
  for (let i = 0; i < times; i++) kept[0] = run()
  return (1_000 * (performance.now() - start)) / times
}

function assertSame({ name, ours, theirs }: Contest): void {
  const [a, b] = [show(ours()), show(theirs())]
  if (a !== b || a === 'null') throw new Error(`${name}: ${a} and ${b} differ`)
}

function show(result: unknown): string {
  return result instanceof Uint8Array ? toHex(result) : String(result)
}

function portOf(address: unknown): number | null {
  if (typeof address !== 'object' || address === null || !('port' in address)) return null
  return typeof address.port === 'number' ? address.port : null
}
