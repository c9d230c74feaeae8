import { isIP } from 'node:net'

import type { CryptoProvider } from '@purertc/crypto'
import { nodeCrypto } from '@purertc/crypto/node'

import type { DtlsConfig } from '../config.ts'
import { DtlsError } from '../errors.ts'
import type { DtlsSession } from '../session.ts'
import type { ClientPsk } from '../protocol/psk.ts'
import { Authorization } from './authorization.ts'
import { DtlsSocket, type SocketOptions } from './dtls-socket.ts'
import { type IdentityOptions, readAuthorities, readOwn } from './identity-options.ts'
import { UdpLink } from './udp-link.ts'

export interface ConnectOptions extends IdentityOptions, SocketOptions, AssociationOptions {
  readonly port: number
  /** Name or address of the server, `localhost` by default. */
  readonly host?: string
  /** The name that the server's certificate must be for, and that it is told; `host` by default, if that is a name. */
  readonly servername?: string
  /** A shared key: identity and key, or a choice by the server's hint. Without `ca` or `verify` nothing else will do. */
  readonly psk?: ClientPsk
}

/** What {@link DtlsConfig} has to say, but for what the socket knows by itself. */
export interface AssociationOptions extends Omit<
  DtlsConfig,
  | 'role'
  | 'crypto'
  | 'cookie'
  | 'clientAddress'
  | 'serverName'
  | 'certificate'
  | 'verify'
  | 'psk'
  | 'clientCertificate'
> {
  /** node:crypto by default. */
  readonly crypto?: CryptoProvider
}

/**
 * Connects to a DTLS server over a UDP socket of its own, which closes with it. The server's certificate must lead to
 * an authority of `ca` (or to one that Node trusts) and be made out to `servername`; or it must hold the shared key
 * `psk`. Throws `DtlsError` `invalid-config` and `invalid-certificate`.
 *
 * @example
 * const socket = connect({ host: 'coap.example.org', port: 5684, ca: readFileSync('ca.pem') }, () => {
 *   socket.send('hello')
 * })
 * socket.on('message', (data) => console.log(data.toString()))
 */
export function connect(
  options: ConnectOptions,
  onSecureConnect?: (session: DtlsSession) => void,
): DtlsSocket {
  const { host = 'localhost', port, idleTimeout, psk, servername, crypto = nodeCrypto } = options
  const { verify, ca, rejectUnauthorized, checkServerIdentity } = options
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new DtlsError('invalid-config', 'a server has a port from 1 to 65535')
  const name = servername ?? host
  const authorization =
    verify === undefined && (psk === undefined || ca !== undefined)
      ? new Authorization({
          crypto,
          authorities: readAuthorities(options, crypto),
          host: name,
          ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
          ...(checkServerIdentity !== undefined && { checkServerIdentity }),
        })
      : null
  const config: DtlsConfig = {
    ...options,
    ...readOwn(options, crypto),
    role: 'client',
    crypto,
    // RFC 6066 §3: addresses are no names.
    ...(isIP(name) === 0 && { serverName: name }),
    verify: verify ?? authorization?.verification ?? { psk: true },
  }
  const link = new UdpLink()
  const socket = new DtlsSocket(config, { address: host, port }, link, authorization, {
    ...(idleTimeout !== undefined && { idleTimeout }),
  })
  if (onSecureConnect !== undefined) socket.once('secureConnect', onSecureConnect)
  link.open(socket)
  return socket
}
