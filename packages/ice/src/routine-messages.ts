import {
  AttributeType,
  parseIpv4,
  SEAL_LENGTH,
  type SealedMessage,
  type TransportAddress,
} from '@purertc/stun'

import type { IceRole } from './role.ts'

/**
 * What the messages of an idle pair look like, in which nothing is to be learned but that the peer is there. Each function
 * reads bytes that end with a seal; what is not of that very form is for `StunMessage` and the machines behind it.
 */

/**
 * Whether a Binding request says nothing but USERNAME, PRIORITY and `claim`, each once, in whatever order; and attributes
 * that may be ignored (RFC 8489 §14) and have no meaning to this agent either.
 */
export function isRoutineRequest(bytes: Uint8Array, username: string, claim: IceRole): boolean {
  if (u16(bytes, 0) !== BINDING_REQUEST) return false
  const end = bytes.length - SEAL_LENGTH
  let found = 0
  for (let at = HEADER; at < end; at += 4 + ((u16(bytes, at + 2) + 3) & ~3)) {
    const part = partOf(bytes, at, username, claim)
    if (part < 0 || (found & part) !== 0) return false
    found |= part
  }
  return found === WHOLE
}

/** Whether a success response says nothing but where the peer sees this agent. */
export function isRoutineAnswer(bytes: Uint8Array): boolean {
  const length = bytes.length - SEAL_LENGTH - HEADER - 4
  if (length !== 8 && length !== 20) return false
  return (
    u16(bytes, 0) === BINDING_SUCCESS &&
    u16(bytes, HEADER) === AttributeType.xorMappedAddress &&
    u16(bytes, HEADER + 2) === length &&
    bytes[HEADER + 5] === (length === 8 ? 1 : 2)
  )
}

/** The success response to a request from an IPv4 address, but for its seal; null where `from` is none. */
export function answerTo(request: SealedMessage, from: TransportAddress): Uint8Array | null {
  const address = parseIpv4(from.address)
  if (address < 0) return null
  const bytes = new Uint8Array(HEADER + 12 + SEAL_LENGTH)
  bytes[0] = BINDING_SUCCESS >>> 8
  bytes[1] = BINDING_SUCCESS & 0xff
  // The magic cookie and the transaction ID.
  for (let i = 4; i < HEADER; i++) bytes[i] = request[i]!
  bytes[HEADER + 1] = AttributeType.xorMappedAddress
  bytes[HEADER + 3] = 8
  bytes[HEADER + 5] = 1
  bytes[HEADER + 6] = (from.port >>> 8) ^ request[4]!
  bytes[HEADER + 7] = from.port ^ request[5]!
  for (let i = 0; i < 4; i++) bytes[HEADER + 8 + i] = (address >>> (24 - 8 * i)) ^ request[4 + i]!
  return bytes
}

/** Which part of a routine request the attribute at `at` is; 0: none that matters; -1: one that makes it another request. */
function partOf(bytes: Uint8Array, at: number, username: string, claim: IceRole): number {
  const type = u16(bytes, at)
  const length = u16(bytes, at + 2)
  if (type === AttributeType.username) return isText(bytes, at + 4, length, username) ? 1 : -1
  if (type === AttributeType.priority) return length === 4 ? 2 : -1
  if (type === (claim === 'controlling' ? AttributeType.iceControlling : AttributeType.iceControlled))
    return length === 8 ? 4 : -1
  return type < 0x8000 || MEANINGFUL.has(type) ? -1 : 0
}

function isText(bytes: Uint8Array, at: number, length: number, text: string): boolean {
  if (length !== text.length) return false
  for (let i = 0; i < length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false
  return true
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!
}

const HEADER = 20
const BINDING_REQUEST = 0x0001
const BINDING_SUCCESS = 0x0101
const WHOLE = 1 | 2 | 4

/** Attributes that may be ignored, but are not. */
const MEANINGFUL: ReadonlySet<number> = new Set([
  AttributeType.iceControlled,
  AttributeType.iceControlling,
  AttributeType.enfFlowDescription,
  AttributeType.metaDtlsInStun,
  AttributeType.metaDtlsInStunAcknowledgement,
])
