import { expect } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'

import { ProtocolVersion, type ResumableSession, SessionVault } from '../src/index.ts'
import type { ResumableSession12 } from '../src/resumption/resumable-session.ts'
import { Pair, type PairOptions } from './pair.ts'

/** A server's memory of sessions. */
export const vault = (lifetime = 7_200_000, tickets = true): SessionVault =>
  new SessionVault({ crypto: nodeCrypto, lifetime, tickets })

export function as12(session: ResumableSession): ResumableSession12 {
  if (session.version !== ProtocolVersion.dtls12) throw new Error('a ticket of DTLS 1.3')
  return session
}

/** A pair whose client asks for sessions and keeps them. */
export function shake(options: PairOptions): { pair: Pair; sessions: ResumableSession12[] } {
  const sessions: ResumableSession12[] = []
  const pair = new Pair({ ...options, onResumable: (session) => sessions.push(as12(session)) })
  return { pair: pair.handshake(), sessions }
}

let beginnings = 1_000
/** Another each time, so that no two servers draw the same session id. */
export const nextSeed = (): number => beginnings++

/** A session, and the vault of its server; `kind` says how the server knows it again. */
export function begin(
  kind: 'ticket' | 'id' = 'ticket',
  options: PairOptions = {},
): { session: ResumableSession12; sessions: SessionVault } {
  const sessions = vault(undefined, kind === 'ticket')
  const {
    pair,
    sessions: [session],
  } = shake({ seed: nextSeed(), ...options, server: { ...options.server, sessions } })
  expect(pair.client.session?.isResumed).toBe(false)
  expect(pair.server.session?.isResumed).toBe(false)
  if (session === undefined) throw new Error('no session')
  expect(session.ticket === null).toBe(kind === 'id')
  return { session, sessions }
}
