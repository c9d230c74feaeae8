/**
 * Attributes by the numbers that the drafts of RFC 8656 gave them (draft-ietf-tram-turn-ssoda), which coturn's client
 * still uses. Whoever asks by these is answered by these.
 */
import { AdditionalAddressFamily, AddressErrorCode } from '@purertc/stun'

/** What IANA assigned 0x8000 to. */
export const DraftAdditionalAddressFamily: typeof AdditionalAddressFamily = {
  ...AdditionalAddressFamily,
  type: 0x8032,
}

/** What IANA assigned 0x8001 to. */
export const DraftAddressErrorCode: typeof AddressErrorCode = { ...AddressErrorCode, type: 0x8033 }
