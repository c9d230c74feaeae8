import { acceptCertificateTypes, certificatesOnly } from '../../certificate/certificate-types.ts'
import { PeerMisbehaved } from '../../errors.ts'
import { ApplicationLayerProtocols } from '../../extensions/application-layer-protocols.ts'
import { ClientCertificateType, ServerCertificateType } from '../../extensions/certificate-types.ts'
import type { Extensions } from '../../extensions/extensions.ts'
import { RecordSizeLimit } from '../../extensions/record-size-limit.ts'
import { ServerNameAcknowledged } from '../../extensions/server-name.ts'
import { SupportedGroups } from '../../extensions/supported-groups.ts'
import { UseSrtp } from '../../extensions/use-srtp.ts'
import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { acceptProtocol } from '../../protocol/alpn.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { ProtocolVersion } from '../../protocol/protocol-version.ts'
import { checkAnswered } from '../extension-rules.ts'
import { typeLengthsOfDtls13 } from '../../record/record-sizes.ts'
import { type HandshakeContext, type HandshakeState, unexpected } from '../handshake-state.ts'
import { decodeEncryptedExtensions } from '../messages/encrypted-extensions.ts'
import type { ClientOffer } from './client-offer.ts'
import { ExpectCertificateRequest } from './expect-certificate-request.ts'
import { ExpectServerFinished } from './expect-server-finished.ts'
import type { ServerChoice } from './server-choice.ts'

export class ExpectEncryptedExtensions implements HandshakeState {
  readonly expects = 'encryptedExtensions'
  readonly #choice: ServerChoice

  constructor(choice: ServerChoice) {
    this.#choice = choice
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type !== HandshakeType.encryptedExtensions) throw unexpected(this, message)
    const { offer, suite, peer } = this.#choice
    const extensions = decodeEncryptedExtensions(message.body)
    checkAnswered(extensions, new Set(offer.hello.extensions.types), allowed)
    extensions.get(ServerNameAcknowledged)
    const negotiated = {
      version: ProtocolVersion.dtls13,
      certificateTypes:
        peer === null
          ? acceptCertificateTypes(cx.config, offer.hello.extensions, extensions)
          : certificatesOnly,
      suite,
      srtpProfile: acceptSrtp(offer, extensions),
      alpnProtocol: acceptProtocol(cx.config.alpn, extensions),
      serverName: cx.config.serverName,
    }
    cx.recordSizes.agree(cx.config, extensions, typeLengthsOfDtls13)
    cx.transcript.add(message.type, message.body)
    const answer = { negotiated, ...this.#choice }
    // RFC 8446 §2.2: with a shared key neither end shows a certificate.
    return peer === null
      ? new ExpectCertificateRequest(answer)
      : new ExpectServerFinished({ ...answer, peer }, null)
  }
}

/** RFC 5764 §4.1.1: one of the offered profiles, and our MKI, which is empty. */
function acceptSrtp(offer: ClientOffer, extensions: Extensions): number | null {
  const answer = extensions.get(UseSrtp)
  if (answer === undefined) return null
  const [profile] = answer.profiles
  const offered = offer.hello.extensions.get(UseSrtp)?.profiles ?? []
  if (
    profile === undefined ||
    answer.profiles.length !== 1 ||
    !offered.includes(profile) ||
    answer.mki.length > 0
  )
    throw new PeerMisbehaved('illegal-parameter', 'use_srtp does not answer the offer')
  return profile
}

/** RFC 8446 §4.2; the groups are for another time. */
const allowed: ReadonlySet<number> = new Set([
  UseSrtp.type,
  SupportedGroups.type,
  ApplicationLayerProtocols.type,
  ServerNameAcknowledged.type,
  RecordSizeLimit.type,
  ClientCertificateType.type,
  ServerCertificateType.type,
])
