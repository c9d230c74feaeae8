import base from './jest.config.mjs'

/** Tests against programs that are not ours: they need Chromium, OpenSSL or coturn on the machine. */
export default {
  ...base,
  testMatch: ['<rootDir>/{packages,apps}/*/test/**/*.interop.ts'],
  testTimeout: 120_000,
}
