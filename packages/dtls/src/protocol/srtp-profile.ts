/** The registry "DTLS-SRTP Protection Profiles": RFC 5764 §4.1.2 and RFC 7714 §14.2. */
export const SrtpProfile = {
  aes128CmHmacSha1_80: 0x0001,
  aes128CmHmacSha1_32: 0x0002,
  aeadAes128Gcm: 0x0007,
  aeadAes256Gcm: 0x0008,
} as const
export type SrtpProfile = (typeof SrtpProfile)[keyof typeof SrtpProfile]
