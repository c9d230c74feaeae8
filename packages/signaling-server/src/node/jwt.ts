import type { KeyObject } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify, type JWTVerifyOptions } from 'jose'

import type { JoinDecision } from '../host.ts'
import type { Subscription } from './options.ts'

export interface JwtVerifierOptions extends Pick<
  JWTVerifyOptions,
  'issuer' | 'audience' | 'algorithms' | 'clockTolerance'
> {
  /** A shared secret, a public key, or the URL of a JSON Web Key Set (RFC 7517). */
  readonly key: string | Uint8Array | KeyObject | URL
}

/** The claims of a token that holds; `null` for every other one. Rejects where the keys cannot be had. */
export type JwtVerifier = (token: string | undefined) => Promise<JWTPayload | null>

/**
 * Checks JSON Web Tokens (RFC 7519): signature, expiry, and what the options ask for.
 *
 * @example
 * const verify = createJwtVerifier({ key: process.env.JWT_SECRET ?? '', audience: 'signaling' })
 * await createSignalingServer({ port: 8080, beforeSubscription: subscribeByJwt(verify) })
 */
export function createJwtVerifier({ key, ...options }: JwtVerifierOptions): JwtVerifier {
  const check = checkerOf(key, options)
  return async (token) => {
    if (token === undefined || token === '') return null
    try {
      return await check(token)
    } catch (error) {
      // Keys that cannot be fetched are the server's trouble, not the client's.
      if (!(error instanceof errors.JOSEError) || error instanceof errors.JWKSTimeout) throw error
      return null
    }
  }
}

/**
 * For the option `authenticate`: the user is the token's `sub`. The token is that of the header `Authorization: Bearer`,
 * or, since pages cannot set one, of the query's `access_token`.
 */
export function authenticateByJwt(verify: JwtVerifier): (request: IncomingMessage) => Promise<string | null> {
  return async (request) => {
    const claims = await verify(tokenOf(request))
    return claims?.sub ?? null
  }
}

/**
 * For the option `beforeSubscription`: the token of the `join` must name the channel in its claim `channels`, a list or
 * one name, `*` for all. With a claim `peer` that is the peer's name, and asking for another one is refused.
 */
export function subscribeByJwt(verify: JwtVerifier): (subscription: Subscription) => Promise<JoinDecision> {
  return async ({ channel, peer, token }) => {
    const claims = await verify(token)
    if (claims === null) return { accepted: false, code: 'unauthenticated' }
    const channels = [claims['channels']].flat()
    const name = claims['peer']
    if (!channels.includes(channel) && !channels.includes('*')) return false
    if (name === undefined) return true
    return typeof name === 'string' && (peer === undefined || peer === name)
      ? { accepted: true, peer: name }
      : false
  }
}

function checkerOf(
  key: JwtVerifierOptions['key'],
  options: JWTVerifyOptions,
): (token: string) => Promise<JWTPayload> {
  if (key instanceof URL) {
    const keys = createRemoteJWKSet(key)
    return async (token) => (await jwtVerify(token, keys, options)).payload
  }
  const secret = typeof key === 'string' ? new TextEncoder().encode(key) : key
  return async (token) => (await jwtVerify(token, secret, options)).payload
}

function tokenOf({ headers, url = '/' }: IncomingMessage): string | undefined {
  const bearer = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1]
  return bearer ?? new URL(url, 'ws://localhost').searchParams.get('access_token') ?? undefined
}
