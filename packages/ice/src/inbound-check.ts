import type { CryptoProvider } from '@purertc/crypto'
import {
  type AuthenticatedMessage,
  IceControlled,
  IceControlling,
  MessageBuilder,
  Nomination,
  Priority,
  type RequestIdentity,
  StatusCode,
  type StunMessage,
  type TransportAddress,
  UnknownAttributes,
  UseCandidate,
  Username,
  XorMappedAddress,
} from '@purertc/stun'

import type { DtlsInStun } from './dtls-in-stun.ts'
import type { IceRole } from './role.ts'

/** What a peer's connectivity check says, RFC 8445 §7.1. */
export interface InboundCheck {
  /** Of the peer-reflexive candidate that the check may reveal. */
  readonly priority: number | undefined
  readonly isNominating: boolean
  /** Of several nominations the highest holds; undefined where the peer does not renominate. */
  readonly nomination: number | undefined
  /** What the peer takes itself for, with its tie-breaker. */
  readonly claim: { readonly role: IceRole; readonly tieBreaker: bigint } | undefined
}

/** The two fragments of a check's USERNAME, RFC 8445 §7.2.2; `null` where it has none of that form. */
export function fragmentsOf(message: StunMessage): { local: string; remote: string } | null {
  const username = message.get(Username)
  const colon = username?.indexOf(':') ?? -1
  if (username === undefined || colon < 0) return null
  return { local: username.slice(0, colon), remote: username.slice(colon + 1) }
}

/** Reads a request; an error code where it must be answered by that error instead (RFC 8489 §6.3.1, RFC 8445 §7.3). */
export function readCheck(request: AuthenticatedMessage): InboundCheck | number {
  if (request.unknownComprehensionRequired(KNOWN).length > 0) return StatusCode.unknownAttribute
  for (const codec of [Priority, UseCandidate, IceControlled, IceControlling])
    if (request.isMalformed(codec)) return StatusCode.badRequest
  const controlling = request.get(IceControlling)
  const controlled = request.get(IceControlled)
  if (controlling !== undefined && controlled !== undefined) return StatusCode.badRequest
  const tieBreaker = controlling ?? controlled
  const role = controlling === undefined ? 'controlled' : 'controlling'
  return {
    priority: request.get(Priority),
    isNominating: request.has(UseCandidate),
    nomination: request.isMalformed(Nomination) ? undefined : request.get(Nomination),
    claim: tieBreaker === undefined ? undefined : { role, tieBreaker },
  }
}

/** The success response, signed with this agent's password. */
export function answer(
  crypto: CryptoProvider,
  key: Uint8Array,
  request: RequestIdentity,
  from: TransportAddress,
  dtlsInStun?: DtlsInStun,
): Uint8Array {
  const response = MessageBuilder.success(request).add(XorMappedAddress, from)
  dtlsInStun?.attach(response)
  return response.sign(crypto, key).finish()
}

/** An error response; signed, so that the peer may believe it. */
export function refuse(
  crypto: CryptoProvider,
  key: Uint8Array,
  request: AuthenticatedMessage,
  code: number,
): Uint8Array {
  const response = MessageBuilder.error(request, code)
  if (code === StatusCode.unknownAttribute)
    response.add(UnknownAttributes, request.unknownComprehensionRequired(KNOWN))
  return response.sign(crypto, key).finish()
}

/** RFC 8489 §9.1.3: to whoever could not authenticate goes a response without integrity. */
export function refuseStranger(request: StunMessage, code: number): Uint8Array {
  return MessageBuilder.error(request, code).finish()
}

const KNOWN: ReadonlySet<number> = new Set([Username.type, Priority.type, UseCandidate.type])
