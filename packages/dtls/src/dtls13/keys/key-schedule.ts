import { type CryptoProvider, type HashAlgorithm, hashSizes } from '@purertc/crypto'

import { type KeyLog, keyLogLine } from '../../keys/key-log.ts'
import type { CipherSuite13 } from '../cipher-suite.ts'
import type { Transcript } from '../transcript.ts'
import { hkdfExpandLabel, hkdfExtract } from './hkdf.ts'
import { finishedMac, TrafficSecret } from './traffic-secret.ts'

/** The secrets of both ends for one kind of traffic. */
export interface TrafficSecrets {
  readonly client: TrafficSecret
  readonly server: TrafficSecret
}

/**
 * The key schedule of RFC 8446 §7.1 up to the handshake secret. What comes after it is to be had from here alone, so
 * that no step can be left out:
 *
 *  PSK or 0 -> early secret -> (EC)DHE -> handshake secret -> 0 -> master secret
 */
export class HandshakeKeys implements TrafficSecrets {
  readonly client: TrafficSecret
  readonly server: TrafficSecret
  readonly #crypto: CryptoProvider
  readonly #suite: CipherSuite13
  readonly #secret: Uint8Array

  /** `transcript` ends with ServerHello; `psk` is null where there is none. */
  constructor(
    crypto: CryptoProvider,
    suite: CipherSuite13,
    psk: Uint8Array | null,
    sharedSecret: Uint8Array,
    transcript: Transcript,
  ) {
    this.#crypto = crypto
    this.#suite = suite
    const early = earlySecret(crypto, suite, psk)
    const salt = deriveSecret(crypto, suite, early, 'derived', emptyHash(crypto, suite))
    this.#secret = hkdfExtract(crypto, suite.hash, salt, sharedSecret)
    const hash = transcript.digest(crypto, suite.hash)
    this.client = trafficSecret(crypto, suite, this.#secret, 'c hs traffic', hash)
    this.server = trafficSecret(crypto, suite, this.#secret, 's hs traffic', hash)
  }

  /** Tells the secrets to whoever is to read the traffic. */
  log(keyLog: KeyLog | undefined, clientRandom: Uint8Array): void {
    keyLog?.(keyLogLine('CLIENT_HANDSHAKE_TRAFFIC_SECRET', clientRandom, this.client.bytes))
    keyLog?.(keyLogLine('SERVER_HANDSHAKE_TRAFFIC_SECRET', clientRandom, this.server.bytes))
  }

  /** `transcript` ends with the server's Finished. */
  applicationKeys(transcript: Transcript): ApplicationKeys {
    const salt = deriveSecret(
      this.#crypto,
      this.#suite,
      this.#secret,
      'derived',
      emptyHash(this.#crypto, this.#suite),
    )
    const master = hkdfExtract(this.#crypto, this.#suite.hash, salt, zeros(this.#suite))
    return new ApplicationKeys(this.#crypto, this.#suite, master, transcript)
  }
}

/** What follows from the master secret. */
export class ApplicationKeys implements TrafficSecrets {
  readonly client: TrafficSecret
  readonly server: TrafficSecret
  readonly exporterSecret: Uint8Array
  readonly #crypto: CryptoProvider
  readonly #suite: CipherSuite13
  readonly #master: Uint8Array

  constructor(crypto: CryptoProvider, suite: CipherSuite13, master: Uint8Array, transcript: Transcript) {
    this.#crypto = crypto
    this.#suite = suite
    this.#master = master
    const hash = transcript.digest(crypto, suite.hash)
    this.client = trafficSecret(crypto, suite, master, 'c ap traffic', hash)
    this.server = trafficSecret(crypto, suite, master, 's ap traffic', hash)
    this.exporterSecret = deriveSecret(crypto, suite, master, 'exp master', hash)
  }

  /** Tells the secrets to whoever is to read the traffic. */
  log(keyLog: KeyLog | undefined, clientRandom: Uint8Array): void {
    keyLog?.(keyLogLine('CLIENT_TRAFFIC_SECRET_0', clientRandom, this.client.bytes))
    keyLog?.(keyLogLine('SERVER_TRAFFIC_SECRET_0', clientRandom, this.server.bytes))
    keyLog?.(keyLogLine('EXPORTER_SECRET', clientRandom, this.exporterSecret))
  }

  /** Keying material for another protocol, RFC 8446 §7.5. No context is the same as an empty one. */
  export(label: string, context: Uint8Array | null, length: number): Uint8Array {
    const { hash } = this.#suite
    const secret = deriveSecret(
      this.#crypto,
      this.#suite,
      this.exporterSecret,
      label,
      emptyHash(this.#crypto, this.#suite),
    )
    const contextHash = this.#crypto.hash(hash, context ?? new Uint8Array(0))
    return hkdfExpandLabel(this.#crypto, hash, secret, 'exporter', contextHash, length)
  }

  /** What tickets are made of; `transcript` ends with the client's Finished. */
  resumptionSecret(transcript: Transcript): Uint8Array {
    const hash = transcript.digest(this.#crypto, this.#suite.hash)
    return deriveSecret(this.#crypto, this.#suite, this.#master, 'res master', hash)
  }
}

/** The key of one ticket, RFC 8446 §4.6.1. */
export function deriveTicketKey(
  crypto: CryptoProvider,
  suite: CipherSuite13,
  resumptionSecret: Uint8Array,
  nonce: Uint8Array,
): Uint8Array {
  return hkdfExpandLabel(crypto, suite.hash, resumptionSecret, 'resumption', nonce, hashSizes[suite.hash])
}

/**
 * The proof that its maker has the key, RFC 8446 §4.2.11.2: a Finished of a handshake that ends within its first
 * message, up to which `transcriptHash` goes. A key of one origin is none of the other, whatever its bytes.
 */
export function makeBinder(
  crypto: CryptoProvider,
  hash: HashAlgorithm,
  origin: PskOrigin,
  psk: Uint8Array,
  transcriptHash: Uint8Array,
): Uint8Array {
  const hashed = { hash }
  const label = origin === 'ticket' ? 'res binder' : 'ext binder'
  const early = earlySecret(crypto, hashed, psk)
  const key = deriveSecret(crypto, hashed, early, label, emptyHash(crypto, hashed))
  return finishedMac(crypto, hash, key, transcriptHash)
}

/** Where a shared key is from: a ticket of an earlier handshake, or an agreement elsewhere. */
export type PskOrigin = 'ticket' | 'external'

function earlySecret(crypto: CryptoProvider, suite: Hashed, psk: Uint8Array | null): Uint8Array {
  return hkdfExtract(crypto, suite.hash, zeros(suite), psk ?? zeros(suite))
}

function trafficSecret(
  crypto: CryptoProvider,
  suite: CipherSuite13,
  secret: Uint8Array,
  label: string,
  hash: Uint8Array,
): TrafficSecret {
  return new TrafficSecret(crypto, suite, deriveSecret(crypto, suite, secret, label, hash))
}

/** Derive-Secret, RFC 8446 §7.1, over a hash of messages that was made before. */
function deriveSecret(
  crypto: CryptoProvider,
  suite: Hashed,
  secret: Uint8Array,
  label: string,
  hash: Uint8Array,
): Uint8Array {
  return hkdfExpandLabel(crypto, suite.hash, secret, label, hash, hashSizes[suite.hash])
}

const emptyHash = (crypto: CryptoProvider, suite: Hashed): Uint8Array => crypto.hash(suite.hash)

const zeros = (suite: Hashed): Uint8Array => new Uint8Array(hashSizes[suite.hash])

/** All of a suite that secrets depend on, up to those of records. */
type Hashed = Pick<CipherSuite13, 'hash'>
