import { concatBytes, Writer } from '@purertc/bytes'

import type { ExtensionCodec } from '../../src/extensions/extension-codec.ts'
import { Extensions } from '../../src/extensions/extensions.ts'
import { writeHandshakeHeader } from '../../src/handshake/handshake-message.ts'
import { type ClientHello, decodeClientHello, encodeClientHello } from '../../src/messages/client-hello.ts'
import { decodeServerHello, encodeServerHello, type ServerHello } from '../../src/messages/server-hello.ts'
import { HandshakeType } from '../../src/protocol/handshake-type.ts'
import type { Lie } from './trial.ts'

/** A handshake message in one fragment. */
export function handshakeMessage(type: HandshakeType, sequence: number, body: Uint8Array): Uint8Array {
  const writer = new Writer(64)
  writeHandshakeHeader(writer, type, body.length, sequence, 0, body.length)
  writer.bytes(body)
  return writer.finish()
}

/** Says something else instead of one type of message, and the truth otherwise. */
export const instead =
  (of: HandshakeType, say: (body: Uint8Array, before: Uint8Array) => ReturnType<Lie>): Lie =>
  (type, body, before) =>
    type === of ? say(body, before) : body

export const omit = (type: HandshakeType): Lie => instead(type, () => null)

export const say = (type: HandshakeType, body: Uint8Array): Lie => instead(type, () => body)

/** Sends a message twice over, with a number for each. */
export const double = (type: HandshakeType): Lie =>
  instead(type, (body) => [
    [type, body],
    [type, body],
  ])

/** Swaps a message with the one after it. */
export function swap(first: HandshakeType, second: HandshakeType): Lie {
  let held = new Uint8Array(0)
  return (type, body) => {
    if (type === first) {
      held = body.slice()
      return null
    }
    if (type !== second) return body
    return [
      [second, body],
      [first, held],
    ]
  }
}

/** Changes the last byte of a message, which in those that are signed belongs to the signature. */
export const corruptEnd = (type: HandshakeType): Lie =>
  instead(type, (body) => {
    const changed = body.slice()
    changed[changed.length - 1]! ^= 1
    return changed
  })

export const append = (type: HandshakeType): Lie =>
  instead(type, (body) => concatBytes(body, Uint8Array.of(0)))

export const cutEnd = (type: HandshakeType): Lie => instead(type, (body) => body.subarray(0, -1))

export const serverHello = (change: (hello: ServerHello) => Partial<ServerHello>): Lie =>
  instead(HandshakeType.serverHello, (body) => {
    const hello = decodeServerHello(body)
    return encodeServerHello({ ...hello, ...change(hello) })
  })

export const clientHello = (change: (hello: ClientHello) => Partial<ClientHello>): Lie =>
  instead(HandshakeType.clientHello, (body) => {
    const hello = decodeClientHello(body)
    return encodeClientHello({ ...hello, ...change(hello) })
  })

/** The same extensions but for one type, which is replaced, or left out where there is no value. */
export function withExtension<T>(
  extensions: Extensions,
  codec: ExtensionCodec<T>,
  value?: T,
): { extensions: Extensions } {
  const changed = new Extensions()
  for (const type of extensions.types) {
    if (type === codec.type) continue
    const raw = rawExtension(type)
    changed.set(raw, extensions.get(raw) ?? new Uint8Array(0))
  }
  if (value !== undefined) changed.set(codec, value)
  return { extensions: changed }
}

/** An extension as bytes. */
export const rawExtension = (type: number): ExtensionCodec<Uint8Array> => ({
  type,
  name: `extension ${type}`,
  decode: (body) => body.rest(),
  encode: (writer, bytes) => writer.bytes(bytes),
})

/** A hello whose last extension stands there twice. `listAt` is the offset of the list's length. */
export function repeatLastExtension(body: Uint8Array, listAt: number, lastLength: number): Uint8Array {
  const doubled = concatBytes(body, body.subarray(-lastLength))
  const length = doubled.length - listAt - 2
  doubled[listAt] = length >> 8
  doubled[listAt + 1] = length
  return doubled
}
