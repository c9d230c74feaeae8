/** One end of a connection with nothing in it but what `floor-connect.ts` counts as its floor. */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'

import type { KeyExchange, KeyExchangeGroup } from '@purertc/crypto'
import { nodeCrypto } from '@purertc/crypto/node'

/** What an end has to know of the other. */
export interface PeerAddress {
  readonly port: number
  readonly key: JsonWebKey
}

/** The first byte of a datagram, in the order of their coming. */
const Kind = {
  check: 1,
  checkAnswer: 2,
  clientHello: 3,
  clientHelloRest: 4,
  serverHello: 5,
  serverFlight: 6,
  clientFlight: 7,
  init: 8,
  ack: 9,
  initAck: 10,
  cookieEcho: 11,
  cookieAck: 12,
} as const

/** Bytes of a datagram of each kind, from a recording of ours. */
const sizes = [0, 96, 64, 1_200, 253, 1_199, 536, 469, 82, 40, 162, 114, 78] as const

const HOST = '127.0.0.1'
const HELLO = 1_187
const SIGNED = new Uint8Array(130)
const NONCE = new Uint8Array(12)
const TAG = 16
/** HMACs of an end's key schedule: what HKDF takes for two epochs in two directions, and two Finished. */
const HMACS = 24

const ownKeys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
export const ownKey = ownKeys.publicKey.export({ format: 'jwk' })

/** One end of one connection. */
export class BareConnection {
  readonly #socket: Socket
  readonly #group: KeyExchangeGroup
  readonly #isOfferer: boolean
  readonly #opened: () => void
  #peerPort = 0
  #peerKey: JsonWebKey = {}
  #shares: KeyExchange | null = null
  #hello = new Uint8Array(0)
  #keys: KeyObject[] = []

  constructor(group: KeyExchangeGroup, isOfferer: boolean, opened: () => void) {
    this.#group = group
    this.#isOfferer = isOfferer
    this.#opened = opened
    this.#socket = createSocket({
      type: 'udp4',
      lookup: (host, _options, callback) => callback(null, host, 4),
    })
    this.#socket.on('message', (bytes) => this.#handle(bytes))
    this.#socket.bind(0, HOST)
  }

  get port(): number {
    return this.#socket.address().port
  }

  /** The peer's signal has come: the answerer makes its key shares, and each checks the path. */
  meet({ port, key }: PeerAddress): void {
    this.#peerPort = port
    this.#peerKey = key
    if (!this.#isOfferer) this.#shares = nodeCrypto.createKeyExchange(this.#group)
  }

  check(): void {
    mac('sha1')
    this.#send(Kind.check)
  }

  close(): void {
    this.#socket.close()
  }

  #handle(bytes: Buffer): void {
    switch (bytes[0]) {
      case Kind.check:
        mac('sha1')
        mac('sha1')
        this.#send(Kind.checkAnswer)
        break
      case Kind.checkAnswer:
        mac('sha1')
        if (!this.#isOfferer) this.#sendHello()
        break
      case Kind.clientHello:
        this.#hello = new Uint8Array(bytes.subarray(1))
        break
      case Kind.clientHelloRest:
        this.#answerHello(Buffer.concat([this.#hello, bytes.subarray(1)]))
        break
      case Kind.serverHello:
        this.#shares?.agree(bytes.subarray(3, 3 + bytes.readUInt16BE(1)))
        this.#makeKeys()
        break
      case Kind.serverFlight:
        this.#verify(bytes)
        this.#seal(Kind.clientFlight, this.#signature())
        this.#seal(Kind.init)
        break
      case Kind.clientFlight:
        this.#verify(bytes)
        this.#seal(Kind.ack)
        break
      case Kind.init:
        this.#open(bytes)
        mac('sha256')
        this.#seal(Kind.initAck)
        break
      case Kind.initAck:
        this.#open(bytes)
        this.#seal(Kind.cookieEcho)
        break
      case Kind.cookieEcho:
        this.#open(bytes)
        mac('sha256')
        this.#seal(Kind.cookieAck)
        this.#opened()
        break
      case Kind.cookieAck:
        this.#open(bytes)
        this.#opened()
    }
  }

  #sendHello(): void {
    const share = this.#shares?.publicKey ?? NONCE
    this.#send(Kind.clientHello, share.subarray(0, HELLO))
    this.#send(Kind.clientHelloRest, share.subarray(HELLO))
  }

  #answerHello(hello: Uint8Array): void {
    const length = this.#group === 'x25519' ? 32 : 1_216
    const { publicKey } = nodeCrypto.answerKeyExchange(this.#group, hello.subarray(0, length))
    const share = Buffer.alloc(2 + publicKey.length)
    share.writeUInt16BE(publicKey.length)
    share.set(publicKey, 2)
    this.#makeKeys()
    this.#send(Kind.serverHello, share)
    this.#seal(Kind.serverFlight, this.#signature())
  }

  /** For two epochs and two directions: a key, and the cipher that hides record numbers. */
  #makeKeys(): void {
    for (let i = 0; i < HMACS; i++) mac('sha256')
    for (let i = 0; i < 4; i++) {
      this.#keys.push(createSecretKey(Buffer.alloc(16)))
      createCipheriv('aes-128-ecb', createSecretKey(Buffer.alloc(16)), null).update(NONCE)
    }
  }

  #signature(): Uint8Array {
    const signature = sign('sha256', SIGNED, ownKeys.privateKey)
    return Buffer.concat([Uint8Array.of(signature.length), signature])
  }

  #verify(bytes: Uint8Array): void {
    const text = this.#open(bytes)
    const key = createPublicKey({ key: this.#peerKey, format: 'jwk' })
    if (!verify('sha256', SIGNED, key, text.subarray(1, 1 + text[0]!))) throw new Error('not the peer')
  }

  #seal(kind: number, content: Uint8Array = NONCE): void {
    const text = new Uint8Array(sizes[kind]! - 1 - TAG)
    text.set(content)
    const cipher = createCipheriv('aes-128-gcm', this.#keys[0]!, NONCE)
    const sealed = cipher.update(text)
    cipher.final()
    this.#send(kind, Buffer.concat([sealed, cipher.getAuthTag()]))
  }

  #open(bytes: Uint8Array): Uint8Array {
    const decipher = createDecipheriv('aes-128-gcm', this.#keys[1]!, NONCE)
    decipher.setAuthTag(bytes.subarray(-TAG))
    const text = decipher.update(bytes.subarray(1, -TAG))
    decipher.final()
    return text
  }

  #send(kind: number, content: Uint8Array = NONCE): void {
    const datagram = new Uint8Array(Math.max(sizes[kind]!, 1 + content.length))
    datagram[0] = kind
    datagram.set(content, 1)
    this.#socket.send(datagram, this.#peerPort, HOST)
  }
}

function mac(algorithm: 'sha1' | 'sha256'): void {
  createHmac(algorithm, NONCE).update(SIGNED.subarray(0, 64)).digest()
}
