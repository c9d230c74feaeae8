import { acceptCertificateTypes, certificatesOnly } from '../../certificate/certificate-types.ts'
import { ApplicationLayerProtocols } from '../../extensions/application-layer-protocols.ts'
import { ClientCertificateType, ServerCertificateType } from '../../extensions/certificate-types.ts'
import { RecordSizeLimit } from '../../extensions/record-size-limit.ts'
import { ServerNameAcknowledged } from '../../extensions/server-name.ts'
import { SupportedGroups } from '../../extensions/supported-groups.ts'
import { UseSrtp } from '../../extensions/use-srtp.ts'
import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { acceptSrtpProfile } from '../../protocol/srtp-profile.ts'
import { acceptProtocol } from '../../protocol/alpn.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { ProtocolVersion } from '../../protocol/protocol-version.ts'
import { checkAnswered } from '../extension-rules.ts'
import { typeLengthsOfDtls13 } from '../../record/record-sizes.ts'
import { type HandshakeContext, type HandshakeState, unexpected } from '../handshake-state.ts'
import { decodeEncryptedExtensions } from '../messages/encrypted-extensions.ts'
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
      srtpProfile: acceptSrtpProfile(offer.hello.extensions, extensions),
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
