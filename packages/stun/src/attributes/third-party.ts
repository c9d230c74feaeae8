/** Attributes of third-party authorization, RFC 7635 §6. */
import { type AttributeCodec, opaqueAttribute, textAttribute } from '../attribute-codec.ts'
import { AttributeType } from '../attribute-type.ts'

/** RFC 7635 §6.1: the name of the server, for which the authorization server encrypts its tokens. */
export const ThirdPartyAuthorization: AttributeCodec<string> = textAttribute(
  AttributeType.thirdPartyAuthorization,
  'THIRD-PARTY-AUTHORIZATION',
  255,
)

/** RFC 7635 §6.2: what the authorization server gave the client; only the STUN server can look inside. */
export const AccessToken: AttributeCodec<Uint8Array> = opaqueAttribute(
  AttributeType.accessToken,
  'ACCESS-TOKEN',
  1,
)
