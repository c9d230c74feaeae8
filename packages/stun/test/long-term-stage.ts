/** Both ends of long-term credentials. */
import { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'

import {
  longTermKey,
  LongTermAuthenticator,
  type LongTermConfig,
  LongTermCredentials,
  MessageBuilder,
  MessageClass,
  Method,
  Realm,
  StunMessage,
  transportAddress,
} from '../src/index.ts'

import { decode } from './pair.ts'

export const client = transportAddress('192.0.2.7', 4242)
export const start = Millis(1_000)

export function pair(config: Partial<LongTermConfig> = {}) {
  return {
    authenticator: new LongTermAuthenticator({
      crypto: nodeCrypto,
      realm: 'example.org',
      password: (username) => (username === 'user' ? 'secret' : null),
      ...config,
    }),
    credentials: new LongTermCredentials(nodeCrypto, 'user', 'secret'),
  }
}

export function challenged(config: Partial<LongTermConfig> = {}) {
  const both = pair(config)
  both.credentials.learn(refuse(both.authenticator, request(both.credentials), 401), false)
  return both
}

export function bare(): MessageBuilder {
  const id = new Uint8Array(12)
  nodeCrypto.randomFill(id)
  return new MessageBuilder(Method.binding, MessageClass.request, id)
}

export function request(credentials: LongTermCredentials): StunMessage {
  return decode(credentials.sign(bare()).finish())
}

export function refuse(
  authenticator: LongTermAuthenticator,
  message: StunMessage,
  code: 400 | 401 | 438,
  now: Millis = start,
): StunMessage {
  return decode(authenticator.refuse(now, message, client, code).finish())
}

export function challenge(add: (builder: MessageBuilder) => MessageBuilder): StunMessage {
  return decode(add(MessageBuilder.error(decode(bare().finish()), 401).add(Realm, 'example.org')).finish())
}

export function key(): Uint8Array {
  return longTermKey(nodeCrypto, 'user', 'example.org', 'secret')
}
