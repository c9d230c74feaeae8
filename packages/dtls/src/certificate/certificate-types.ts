import type { ResolvedConfig } from '../resolved-config.ts'
import { PeerMisbehaved } from '../errors.ts'
import {
  ClientCertificateType,
  ClientCertificateTypes,
  ServerCertificateType,
  ServerCertificateTypes,
} from '../extensions/certificate-types.ts'
import type { Extensions } from '../extensions/extensions.ts'
import {
  type CertificateType,
  certificateTypeById,
  certificateTypeIds,
} from '../protocol/certificate-type.ts'
import { ownTypes } from './credential.ts'

/** How either end shows its key, RFC 7250 §4: by a certificate unless both have said otherwise. */
export interface CertificateTypes {
  readonly client: CertificateType
  readonly server: CertificateType
}

export const certificatesOnly: CertificateTypes = { client: 'x509', server: 'x509' }

/** A client's offer. Certificates alone are what goes without saying (§4.1). */
export function offerCertificateTypes(config: ResolvedConfig, extensions: Extensions): void {
  const own = ownTypes(config)
  const peer = config.peerCertificateTypes
  if (own.length > 0 && !isDefault(own)) extensions.set(ClientCertificateTypes, own.map(idOf))
  if (!isDefault(peer)) extensions.set(ServerCertificateTypes, peer.map(idOf))
}

/** A client's reading of the answer, which chooses from the offer. Throws `PeerMisbehaved` and `DecodeError`. */
export function acceptCertificateTypes(
  config: ResolvedConfig,
  offer: Extensions,
  answer: Extensions,
): CertificateTypes {
  const server = accept(offer.get(ServerCertificateTypes), answer.get(ServerCertificateType))
  if (!config.peerCertificateTypes.includes(server))
    throw new PeerMisbehaved('unsupported-certificate', 'a server that shows nothing but a certificate')
  return { client: accept(offer.get(ClientCertificateTypes), answer.get(ClientCertificateType)), server }
}

/** A server's choice. Throws `PeerMisbehaved` where there is none (§4.2), and `DecodeError`. */
export function chooseCertificateTypes(config: ResolvedConfig, offer: Extensions): CertificateTypes {
  const asksForOne = config.clientCertificate !== 'none'
  return {
    client: asksForOne ? choose(config.peerCertificateTypes, offer.get(ClientCertificateTypes)) : 'x509',
    server: choose(ownTypes(config), offer.get(ServerCertificateTypes)),
  }
}

/** A server's answer to what the client has brought up. */
export function answerCertificateTypes(
  config: ResolvedConfig,
  types: CertificateTypes,
  offer: Extensions,
  answer: Extensions,
): void {
  const asksForOne = config.clientCertificate !== 'none'
  if (asksForOne && offer.has(ClientCertificateTypes)) answer.set(ClientCertificateType, idOf(types.client))
  if (offer.has(ServerCertificateTypes)) answer.set(ServerCertificateType, idOf(types.server))
}

/** The client's order decides, as the order of its list says what it likes best. */
function choose(ours: readonly CertificateType[], offered: readonly number[] | undefined): CertificateType {
  for (const id of offered ?? [idOf('x509')]) {
    const type = certificateTypeById(id)
    if (type !== undefined && ours.includes(type)) return type
  }
  // The alert of RFC 7250 §4.2 is for those who know of it.
  if (offered === undefined)
    throw new PeerMisbehaved('no-common-parameters', 'a client that knows of nothing but certificates')
  throw new PeerMisbehaved('unsupported-certificate', 'no certificate type in common')
}

function accept(offered: readonly number[] | undefined, chosen: number | undefined): CertificateType {
  if (chosen === undefined) return 'x509'
  const type = certificateTypeById(chosen)
  if (type === undefined || offered?.includes(chosen) !== true)
    throw new PeerMisbehaved('illegal-parameter', `certificate type ${chosen} was not offered`)
  return type
}

const isDefault = (types: readonly CertificateType[]): boolean => types.length === 1 && types[0] === 'x509'

const idOf = (type: CertificateType): number => certificateTypeIds[type]
