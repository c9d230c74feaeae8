import type { CryptoProvider } from '@purertc/crypto'

import type { ResolvedConfig } from '../../resolved-config.ts'
import { PeerMisbehaved } from '../../errors.ts'
import { agree } from '../../keys/key-agreement.ts'
import {
  authenticateByCertificate,
  authenticateByPsk,
  type PeerAuthenticated,
} from '../../proofs/peer-authenticated.ts'
import { mixPsk } from '../../proofs/psk-mixed.ts'
import type { NamedGroup } from '../../protocol/named-group.ts'
import { pskBytes } from '../../protocol/psk.ts'
import type { ClientKeyExchange } from '../messages/client-key-exchange.ts'
import type { EphemeralKey, ServerOffer, SharedKey } from './server-offer.ts'

/** A client's half of the key exchange. */
export interface ClientSecret {
  readonly preMasterSecret: Uint8Array
  readonly message: ClientKeyExchange
  readonly group: NamedGroup | null
  readonly peer: PeerAuthenticated
}

/** Throws `PeerMisbehaved` where the server's key is no good, or there is no shared key for it. */
export function makeSecret(config: ResolvedConfig, { key }: ServerOffer): ClientSecret {
  if (key.kind === 'shared') return makeSharedSecret(config, key)
  const { publicKey, secret } = makeEphemeral(config.crypto, key)
  return {
    preMasterSecret: secret,
    message: { identity: null, publicKey },
    group: key.group,
    peer: authenticateByCertificate(key.peer, key.signature),
  }
}

function makeSharedSecret(
  { crypto, clientPsk }: ResolvedConfig,
  { hint, ephemeral }: SharedKey,
): ClientSecret {
  const credential = typeof clientPsk === 'function' ? clientPsk(hint) : clientPsk
  if (credential === null) throw new PeerMisbehaved('unknown-psk-identity', 'no shared key for this server')
  const own = ephemeral && makeEphemeral(crypto, ephemeral)
  const identity = pskBytes(credential.identity)
  const mixed = mixPsk(identity, credential.key, own?.secret ?? null)
  return {
    preMasterSecret: mixed.preMasterSecret,
    message: { identity, publicKey: own?.publicKey ?? null },
    group: ephemeral?.group ?? null,
    peer: authenticateByPsk(mixed),
  }
}

function makeEphemeral(
  crypto: CryptoProvider,
  theirs: EphemeralKey,
): { publicKey: Uint8Array; secret: Uint8Array } {
  const keyExchange = crypto.createKeyExchange(theirs.group.name)
  return { publicKey: keyExchange.publicKey, secret: agree(keyExchange, theirs.publicKey) }
}
