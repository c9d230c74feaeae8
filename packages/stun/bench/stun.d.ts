/** The part of the npm package `stun` 2.1 that the benchmark compares with; the package has no types of its own. */
declare module 'stun' {
  interface Attribute {
    readonly value: unknown
  }
  interface Message {
    addAttribute(type: number, ...value: unknown[]): void
    addFingerprint(): void
    addMessageIntegrity(password: string): void
    getAttribute(type: number): Attribute | undefined
    toBuffer(): Uint8Array
  }
  const stun: {
    createMessage(type: number, transactionId?: Uint8Array): Message
    decode(bytes: Uint8Array): Message
    validateFingerprint(message: Message): boolean
    validateMessageIntegrity(message: Message, password: string): boolean
    readonly constants: Readonly<Record<string, number>>
  }
  export default stun
}
