export { createNobleCrypto } from './provider.ts'
