import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { afterEach, describe, expect, test } from '@jest/globals'
import { ErrorCode } from '@purertc/signaling-protocol'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

import { createSignalingServer, type SignalingServer, type SignalingServerOptions } from '../src/index.ts'
import { authenticateByJwt, createJwtVerifier, subscribeByJwt } from '../src/node/jwt.ts'
import { TestClient, urlOf } from './test-client.ts'

const secret = 'a secret of at least thirty-two bytes'
const key = new TextEncoder().encode(secret)
const verify = createJwtVerifier({ key: secret, audience: 'signaling', algorithms: ['HS256'] })

const ticket = (claims: Record<string, unknown>, expiry = '1m', signedBy = key): Promise<string> =>
  new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .setAudience('signaling')
    .setExpirationTime(expiry)
    .sign(signedBy)

const open: SignalingServer[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
})

async function start(options: SignalingServerOptions): Promise<SignalingServer> {
  const server = await createSignalingServer({ port: 0, host: '127.0.0.1', ...options })
  open.push(server)
  return server
}

describe('a token of the join', () => {
  test('must hold, and name the channel; it may name the peer', async () => {
    const server = await start({ beforeSubscription: subscribeByJwt(verify) })
    const ask = async (token: string | undefined, peer?: string): Promise<unknown> => {
      const client = await TestClient.open(server)
      client.say({ type: 'join', channel: 'room', peer, token })
      const answer = await client.next()
      await client.close()
      return answer.type === 'error' ? answer.code : answer.type === 'joined' ? answer.peer : answer
    }
    const { unauthenticated, joinRefused } = ErrorCode
    expect(await ask(undefined)).toBe(unauthenticated)
    expect(await ask('nonsense')).toBe(unauthenticated)
    expect(await ask(await ticket({ channels: 'room' }, '-1m'))).toBe(unauthenticated)
    const forged = await ticket({ channels: 'room' }, '1m', new TextEncoder().encode(secret.toUpperCase()))
    expect(await ask(forged)).toBe(unauthenticated)
    expect(await ask(`${btoa('{"alg":"none"}')}.${btoa('{"channels":"*"}')}.`)).toBe(unauthenticated)
    expect(await ask(await ticket({}))).toBe(joinRefused)
    expect(await ask(await ticket({ channels: ['other'] }))).toBe(joinRefused)
    expect(await ask(await ticket({ channels: ['other', 'room'] }), 'me')).toBe('me')
    expect(await ask(await ticket({ channels: '*', peer: 'user-7' }))).toBe('user-7')
    expect(await ask(await ticket({ channels: '*', peer: 'user-7' }), 'admin')).toBe(joinRefused)
    expect(await ask(await ticket({ channels: '*', peer: 7 }))).toBe(joinRefused)
  })
})

describe('a token of the upgrade', () => {
  test('names the user, in the header or in the query; without one there is no connection', async () => {
    const server = await start({ authenticate: authenticateByJwt(verify), limits: { connectionsPerUser: 1 } })
    const connected = once(server, 'connect') as Promise<[{ user: string }]>
    expect(await new TestClient(urlOf(server)).refused).toBe(401)
    expect(await new TestClient(urlOf(server, '/?access_token=x')).refused).toBe(401)
    const token = await ticket({ sub: 'alice' })
    const client = new TestClient(urlOf(server, `/?access_token=${token}`))
    expect(await client.next()).toMatchObject({ type: 'welcome' })
    expect((await connected)[0].user).toBe('alice')
    expect(await new TestClient(urlOf(server, `/?access_token=${token}`)).refused).toBe(429)
    const other = await ticket({ sub: 'bob' })
    expect(await new TestClient(urlOf(server, `/?access_token=${other}`)).next()).toMatchObject({
      type: 'welcome',
    })
    const gone = once(server, 'disconnect')
    await client.close()
    await gone
    expect(await new TestClient(urlOf(server, `/?access_token=${token}`)).next()).toMatchObject({
      type: 'welcome',
    })
  })
})

test('keys come from a set on the web, and its absence is an error, not a refusal', async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256' }
  const http = createServer((_, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }))
  }).listen(0, '127.0.0.1')
  await once(http, 'listening')
  const url = new URL(`http://127.0.0.1:${(http.address() as AddressInfo).port}/jwks.json`)
  const token = await new SignJWT({ sub: 'alice' })
    .setProtectedHeader({ alg: 'ES256', kid: 'k' })
    .sign(privateKey)
  expect(await createJwtVerifier({ key: url })(token)).toMatchObject({ sub: 'alice' })
  http.close()
  http.closeAllConnections()
  await expect(createJwtVerifier({ key: url })(token)).rejects.toThrow()
})
